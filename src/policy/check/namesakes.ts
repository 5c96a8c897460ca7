import { compileGlobs } from "../../core/glob.ts";
import { partOfTest } from "../expressions/methods.ts";
import { type AstNode, childrenOf, readCall, stringLiteral } from "../syntax/ast.ts";
import { readStep } from "../syntax/guards.ts";
import {
  ANY_TEXT,
  joined,
  literalShape,
  mayHavePart,
  type PartPlace,
  type Shape,
  shapeOfGlob,
} from "../tool-schemas/text-shape.ts";
import type { FurtherIssuer } from "../values/facts.ts";
import type { CheckedPolicy } from "./policies.ts";
import type { TargetProblem } from "./targets.ts";

/** Names that begin with the issuer where that is not the first one. */
const QUALIFIED = new Set(["user.id", "client.id"]);
/** Lists of names that a further issuer gives as far as the configuration lets it. */
const GIVEN = { "user.roles": "roles", "user.groups": "groups", "user.scopes": "scopes" } as const;

/**
 * Warns of a condition that restricts by a name that some issuer's people never have: `user.id == "bob"` is not the bob of
 * a partner, and a role that the partner may not give is dropped, so that the refusal lets them pass. What is negated
 * stops them, and is not looked at.
 */
export function checkNamesakes(
  { texts, entry }: Pick<CheckedPolicy, "texts" | "entry">,
  further: readonly FurtherIssuer[] = [],
): readonly TargetProblem[] {
  const { when, effect } = texts;
  if (when === undefined || effect === "allow" || entry.mode === "shadow" || further.length === 0) return [];
  const compared = comparedIn(when.root, true);
  // Who writes the issuer, too, has thought of it.
  if (compared.some(({ fact }) => fact === "user.issuer")) return [];
  for (const found of compared) {
    const { fact, name } = found;
    const missed = further.filter((issuer) => misses(found, issuer, compared)).map(({ issuer }) => issuer);
    if (missed.length === 0) continue;
    const what = `\`${fact}\` and ${JSON.stringify(name)}`;
    const message = `This goes by ${what}, which never fits people of ${missed.join(", ")}: they pass.`;
    return [{ severity: "warning", path: when.path, message, hint: hintFor(fact, name, missed[0] ?? "") }];
  }
  return [];
}

/** What a fact, or an item of a list of names, is compared with: the whole of it, or a part. */
interface Compared {
  readonly fact: string;
  readonly name: string;
  /** `undefined`: it is the whole name. */
  readonly where: PartPlace | undefined;
}

function misses({ fact, name, where }: Compared, issuer: FurtherIssuer, all: readonly Compared[]): boolean {
  if (QUALIFIED.has(fact)) {
    if (where !== undefined) return !mayBe(joined(literalShape(`${issuer.issuer}|`), ANY_TEXT), name, where);
    const own = `${issuer.issuer}|${name}`;
    return !name.includes("|") && !all.some((other) => other.fact === fact && other.name === own);
  }
  const list = Object.entries(GIVEN).find(([known]) => known === fact)?.[1];
  if (list === undefined) return false;
  if (where === undefined) return !compileGlobs(issuer[list])(name);
  const given = issuer[list].filter((glob) => !glob.startsWith("!"));
  return !given.some((glob) => mayBe(shapeOfGlob(glob), name, where));
}

// A shape that is too long to be looked at may be anything.
function mayBe(shape: Shape | undefined, part: string, where: PartPlace): boolean {
  return shape === undefined || mayHavePart(shape, part, where);
}

function hintFor(fact: string, name: string, issuer: string): string {
  if (fact === "user.id")
    return `Name the user in the target (users), which fits any issuer's, or ask for "${issuer}|${name}", too.`;
  if (fact === "client.id")
    return `Name the client in the target (clients), which fits any issuer's, or ask for "${issuer}|${name}", too.`;
  return `Let the issuer give it (${fact.slice("user.".length)} in auth.jwt), or ask for user.issuer, too.`;
}

/** What variables of comprehensions and of `cel.bind` stand for. */
type Names = ReadonlyMap<string, readonly AstNode[]>;

const WALKS = new Set(["exists", "exists_one", "filter", "all"]);
const CASES = new Set(["lowerAscii", "upperAscii", "trim"]);

/** What facts are compared with where the comparison being true makes the condition true. */
function comparedIn(node: AstNode, positive: boolean, names: Names = new Map()): readonly Compared[] {
  const children = childrenOf(node);
  if (node.op === "!_") return children.flatMap((child) => comparedIn(child, !positive, names));
  const [left, right] = children;
  if (left !== undefined && right !== undefined && (node.op === "==" || node.op === "!=")) {
    const found = [...namedBy(left, right, names), ...namedBy(right, left, names)];
    // Who asks for the issuer in whichever way tells them apart.
    if ((node.op === "==") === positive || found.some(({ fact }) => fact === "user.issuer")) return found;
    return [];
  }
  if (left !== undefined && right !== undefined && node.op === "in") {
    if (!positive) return [];
    return right.op === "list"
      ? childrenOf(right).flatMap((item) => namedBy(left, item, names))
      : namedBy(right, left, names);
  }
  const call = readCall(node);
  if (call?.receiver === undefined) return children.flatMap((child) => comparedIn(child, positive, names));
  const { name, receiver, args } = call;
  const [first, second, third] = args;
  const variable = first?.op === "id" && typeof first.args === "string" ? first.args : undefined;
  if (variable !== undefined && second !== undefined) {
    if (name === "bind" && third !== undefined)
      return comparedIn(third, positive, new Map(names).set(variable, [second]));
    if (WALKS.has(name)) {
      const items = receiver.op === "list" ? childrenOf(receiver) : [receiver];
      return comparedIn(second, positive, new Map(names).set(variable, items));
    }
  }
  const text = stringLiteral(first);
  const tested = text === undefined ? undefined : partOfTest(name, text);
  if (tested === undefined) return [receiver, ...args].flatMap((child) => comparedIn(child, positive, names));
  if (!positive) return [];
  const { part, where } = tested;
  return factsOf(receiver, names).map((fact) => ({ fact, name: part, where }));
}

function namedBy(fact: AstNode, value: AstNode, names: Names): readonly Compared[] {
  const texts = textsOf(value, names);
  return factsOf(fact, names).flatMap((of) => texts.map((name) => ({ fact: of, name, where: undefined })));
}

function textsOf(node: AstNode, names: Names): readonly string[] {
  const stands = node.op === "id" && typeof node.args === "string" ? names.get(node.args) : undefined;
  return (stands ?? [node]).flatMap((it) => stringLiteral(it) ?? []);
}

/** The facts that a part of a condition is, whatever their letters' case. */
function factsOf(node: AstNode, names: Names): readonly string[] {
  const call = readCall(node);
  if (call?.receiver !== undefined && CASES.has(call.name)) return factsOf(call.receiver, names);
  if (node.op === "id" && typeof node.args === "string") {
    const inner = new Map(names);
    inner.delete(node.args);
    return (names.get(node.args) ?? []).flatMap((it) => factsOf(it, inner));
  }
  const step = readStep(node);
  const of = step?.operand.op === "id" ? step.operand.args : undefined;
  return step?.name === undefined || typeof of !== "string" ? [] : [`${of}.${step.name}`];
}
