import type { Json, JsonObject } from "../../core/json.ts";
import { type AstNode, childrenOf, parentsOf } from "../syntax/ast.ts";
import { isRecordName } from "../syntax/vocabulary.ts";
import { balancedRange } from "../tool-schemas/balanced-range.ts";
import { canBeValue } from "../tool-schemas/domain.ts";
import { ipLookAlikes } from "../tool-schemas/ip-parts.ts";
import { lookAlikesOf } from "../tool-schemas/look-alikes.ts";
import { canBeIn } from "../values/apart.ts";
import { constantsOf, lastName, type Read, type ReadDeps, readsOf, rootOf } from "../values/reads.ts";
import { isOnly, type Kind, type Value } from "../values/values.ts";
import { canFail, type Finding } from "./findings.ts";
import { checkOrderOfIps, isTestOf } from "./ip-tests.ts";

/*
 * Parts of a condition are tried: the engine evaluates them for values in place of what they read. Where all values are
 * known a part that always comes out the same is found however it is written; where an address or a URL is tested, one
 * of somebody else's that passes for one's own.
 */

/** Evaluates a text that reads `args`, and nothing else; `undefined` where it is none, or comes to anything else. */
export type Trial = (
  text: string,
) => ((args: JsonObject, integers: ReadonlySet<string>) => Json | undefined) | undefined;

/** What a trial needs to know. */
export interface TrialDeps extends ReadDeps {
  readonly trial: Trial;
  /** What the parts stand in. */
  readonly root: AstNode;
  /** See `ExpressionDeps`. */
  readonly argumentsLater: boolean;
  readonly budget: { left: number };
}

const MAX_VALUES = 24;
const MAX_TRIALS = 144;

/** What a part that is true or false always comes to, where all that it reads has a few known values. */
export function checkClosed(node: AstNode, deps: TrialDeps): readonly Finding[] {
  const reads = readsOf(node, deps);
  // What has one value only needs no trial, and a part that says by itself what it comes to none either.
  if (reads === undefined || childrenOf(node).some(isWrittenOut)) return [];
  if (reads.every((read) => !read.byType && read.value.domain.values?.length === 1)) return [];
  const choices = reads.map(valuesOf);
  let count = 1;
  for (const values of choices) count *= values?.length ?? 0;
  if (count === 0 || count > MAX_TRIALS) return [];
  const run = runOf(node, reads, deps);
  if (run === undefined) return [];
  let outcome: Json | undefined;
  for (const values of product(choices.flatMap((it) => (it === undefined ? [] : [it])))) {
    const found = run(values);
    if (typeof found !== "boolean" || (outcome !== undefined && found !== outcome)) return [];
    outcome = found;
  }
  const known = reads.map((read, at) => `\`${read.written}\` is ${said(read, choices[at] ?? [])}`);
  const message = `This is always ${String(outcome)}: ${known.join(", and ")}.`;
  return [{ kind: "mistake", what: "decided", start: node.start, message, hint: reads[0]?.value.domain.says }];
}

function isWrittenOut({ op, args }: AstNode): boolean {
  return op === "value" && typeof args === "boolean";
}

/** Somebody else's address or URL that a test takes for the one that it names. */
export function checkLookAlikes(node: AstNode, deps: TrialDeps): readonly Finding[] {
  const constants = constantsOf(node);
  if (constants.length === 0) return [];
  const reads = readsOf(node, deps);
  const [read] = reads ?? [];
  if (read === undefined || reads?.length !== 1 || read.value.domain.values !== undefined) return [];
  // Who compares the whole of it knows what is meant.
  const [only, ...again] = read.nodes;
  if (read.value.domain.reads === "ip" && !isTestOf(node, only)) return checkOrderOfIps(node, only, read);
  if (only !== undefined && again.length === 0 && node.op !== "rcall" && childrenOf(node).includes(only)) return [];
  const { domain, fact } = read.value;
  // Behind an issuer stands who it is: none begins with a part of another's.
  if (fact === "user.id") return [];
  const base = read.nodes[0] && rootOf(read.nodes[0]);
  if (deps.argumentsLater && domain.reads === undefined && !isRecordName(base)) return [];
  const found = domain.reads === "ip" ? ipLookAlikes(constants) : lookAlikesOf(domain.reads, lastName(read), constants);
  if (found === undefined) return [];
  const run = runOf(node, [read], deps);
  if (run === undefined) return [];
  const outcomesOf = (texts: readonly string[]) => texts.flatMap((it) => run([it]) ?? []);
  const strangers = found.strangers.find((texts) => outcomesOf(texts).length > 0) ?? [];
  const [ofOthers, ...more] = new Set(outcomesOf(strangers));
  if (ofOthers === undefined || more.length > 0) return [];
  let around: ReturnType<typeof runAround> | undefined;
  const [stranger = ""] = strangers;
  const taken = found.lookAlikes.find(({ text, isOdd }) => {
    if (!canBeValue(domain, text)) return false;
    const outcome = run([text]);
    if (outcome === undefined || outcome === ofOthers) return false;
    if (!isOdd) return true;
    around ??= runAround(node, read, run, deps);
    return around(text) !== around(stranger);
  });
  if (taken === undefined) return [];
  const part = sliceOf(node, deps.text);
  const shown = taken.text.replaceAll("\n", "\\n");
  const message = `\`${part}\` takes \`${shown}\` for one of ${taken.of}.`;
  return [{ kind: "mistake", what: "doubtful", start: node.start, message, hint: found.certain }];
}

/**
 * What a test comes to with the tests of the same text around it: one that decides what they stand in decides there.
 * What reads anything else is left aside.
 */
function runAround(
  node: AstNode,
  read: Read,
  run: (values: readonly Json[]) => Json | undefined,
  deps: TrialDeps,
): (text: string) => Json | undefined {
  const steps: ((outcome: Json | undefined, text: string) => Json | undefined)[] = [];
  const parents = parentsOf(deps.root);
  for (let at = node, above = parents.get(at); above !== undefined; at = above, above = parents.get(at)) {
    const { op } = above;
    if (op === "!_") steps.push((outcome) => (typeof outcome === "boolean" ? !outcome : outcome));
    else if (op !== "&&" && op !== "||") break;
    else {
      const beside = childrenOf(above).filter((it) => it !== at);
      const tests = beside.flatMap((it) => partsOf(it, op)).flatMap((it) => testOf(it, read, deps) ?? []);
      const decides = op === "||";
      steps.push((outcome, text) => (tests.some((test) => test([text]) === decides) ? decides : outcome));
    }
  }
  return (text) => steps.reduce((outcome, step) => step(outcome, text), run([text]));
}

function partsOf(node: AstNode, operator: string): readonly AstNode[] {
  return node.op === operator ? childrenOf(node).flatMap((it) => partsOf(it, operator)) : [node];
}

/** A part that reads this text, and nothing else. */
function testOf(node: AstNode, read: Read, deps: TrialDeps) {
  const [only, ...more] = readsOf(node, deps) ?? [];
  return only?.key === read.key && more.length === 0 ? runOf(node, [only], deps) : undefined;
}

/** An argument that makes a call cost nothing where it is 0. */
export function checkFree(node: AstNode, deps: TrialDeps): readonly Finding[] {
  const reads = readsOf(node, deps);
  if (reads === undefined || !reads.every(({ value }) => isOnly(value, "int", "double"))) return [];
  const samples = reads.map(({ value }) => [1, ...(value.domain.values ?? []), 0].find((it) => canBeIn(value, it)));
  const run = runOf(node, reads, deps);
  const free = reads.find(
    ({ value }, at) => canBeIn(value, 0) && run?.(samples.map((one, other) => (other === at ? 0 : (one ?? 0)))) === 0,
  );
  if (free === undefined) return [];
  const message = `A call with \`${free.written}\` at 0 costs nothing.`;
  const hint = `If it does something all the same, \`${free.written} == 0 ? … : …\` counts it as its middle part says.`;
  return [{ kind: "mistake", what: "doubtful", start: node.start, message, hint }];
}

/** Whether a part may be tried: what fails for some calls, or is told of already, is not. */
export function isWorthTrying(findings: readonly Finding[]): boolean {
  return !findings.some((finding) => finding.kind === "mistake" || canFail(finding));
}

const SCALARS: readonly Kind[] = ["null", "bool", "string", "int", "double"];
const SAMPLES: Partial<Readonly<Record<Kind, Json>>> = {
  null: null,
  bool: true,
  string: "a",
  int: 1,
  double: 0.5,
  list: [],
  map: {},
};

/** All values that something can have, if they are few. */
function valuesOf({ value, byType }: Read): readonly Json[] | undefined {
  const { kinds, domain } = value;
  if (kinds === undefined) return undefined;
  if (byType) {
    const samples = [...kinds].flatMap((kind) => SAMPLES[kind] ?? (kind === "null" ? [null] : []));
    return samples.length === kinds.size ? samples : undefined;
  }
  if (!isOnly(value, ...SCALARS)) return undefined;
  const { values } = domain;
  if (values !== undefined) return values.length > MAX_VALUES || values.some(isNested) ? undefined : values;
  return isOnly(value, "bool", "null") ? [true, false, ...(kinds.has("null") ? [null] : [])] : undefined;
}

function isNested(value: Json): boolean {
  return typeof value === "object" && value !== null;
}

function* product(choices: readonly (readonly Json[])[]): Generator<readonly Json[]> {
  const [first, ...rest] = choices;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const value of first) for (const others of product(rest)) yield [value, ...others];
}

/** Makes a part run for values in place of what it reads. */
function runOf(
  node: AstNode,
  reads: readonly Read[],
  { text, trial, budget }: TrialDeps,
): ((values: readonly Json[]) => Json | undefined) | undefined {
  const places = reads
    .flatMap(({ name, nodes }) => nodes.map(({ start, end }) => ({ start, end, name })))
    .sort((a, b) => b.start - a.start);
  const { start, end } = balancedRange(text, node);
  let written = text.slice(start, end);
  for (const at of places) {
    written = `${written.slice(0, at.start - start)}args.${at.name}${written.slice(at.end - start)}`;
  }
  const run = trial(written);
  const integers = new Set(reads.filter(({ value }) => isOnly(value, "int")).map(({ name }) => name));
  return (
    run &&
    ((values) => {
      if (--budget.left <= 0) return undefined;
      return run(Object.fromEntries(reads.map(({ name }, at) => [name, values[at] ?? null])), integers);
    })
  );
}

function sliceOf(node: AstNode, text: string): string {
  return text.slice(node.start, node.end);
}

const MAX_LISTED = 6;

function said({ byType, value }: Read, values: readonly Json[]): string {
  if (byType || values.length > MAX_LISTED) return byType ? kindsOf(value) : `one of ${values.length} values`;
  return values.map((it) => JSON.stringify(it)).join(" or ");
}

function kindsOf({ kinds }: Value): string {
  return [...(kinds ?? [])].join(" or ");
}
