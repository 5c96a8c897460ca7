import { EFFECTS } from "../../core/decision.ts";
import { isObject } from "../../core/json.ts";
import { suggest } from "../../core/suggest.ts";
import { checkPath } from "../../redaction/redaction.ts";
import type { CompiledText, PolicyLanguage } from "../cel/environment.ts";
import { compileTemplate } from "../cel/template.ts";
import { scopeProblem } from "../decide/scope.ts";
import { isAboutViewer } from "../decide/visibility.ts";
import type { DocumentPath, PolicyDocument } from "../file/document.ts";
import { ARGUMENTS_GUARD, MAX_TEXT, type PolicyEntry, targetSchema } from "../file/schema.ts";
import { MAX_MISTAKES, type PolicyError } from "../policy-set.ts";
import type { ArgumentPath } from "../syntax/argument-paths.ts";
import type { ExpressionProblem } from "../syntax/expression-problem.ts";
import { didYouMean } from "../syntax/expression-rules.ts";
import { type EntryParts, NO_NAMES, NO_PARTS, textsIn } from "./compiled-parts.ts";
import { compileTransform, methodsOf, type TransformReader } from "./transform-parts.ts";

/** Why nobody can tell clients' addresses, as a half sentence, and what to do about it. */
export interface WhyNoClientAddress {
  readonly why: string;
  readonly hint: string;
}

/** What entries are checked against. */
export interface EntryCheckerDeps {
  readonly file: string;
  readonly document: Pick<PolicyDocument, "locate" | "locateInText">;
  readonly language: PolicyLanguage;
  /** The names that exist, as in `CompileOptions`. */
  readonly flows: readonly string[] | undefined;
  readonly decisionPoints?: readonly string[] | undefined;
  readonly guards?: readonly string[] | undefined;
  /** See `CompileOptions`. */
  readonly noClientAddress?: WhyNoClientAddress | undefined;
  /** Where each id was first seen, over all files. */
  readonly places: Map<string, string>;
}

/** What policies name of the configuration. */
interface NamedThings {
  readonly noun: string;
  /** Where they stand. */
  readonly key: string;
}

const FLOWS: NamedThings = { noun: "approval flow", key: "approval_flows" };
const POINTS: NamedThings = { noun: "decision point", key: "decision_points" };
const GUARDS: NamedThings = { noun: "guard", key: "guards" };

/**
 * Checks entries beyond their shape. It reads them as they stand in the file, whatever else is wrong with them, so that
 * an author hears of all mistakes in one go.
 */
export class EntryChecker {
  readonly errors: PolicyError[] = [];
  readonly #deps: EntryCheckerDeps;

  constructor(deps: EntryCheckerDeps) {
    this.#deps = deps;
  }

  /** Compiles the texts of one entry; what is wrong with them is added to `errors`. */
  check(entry: unknown, index: number): EntryParts {
    if (!isObject(entry)) return NO_PARTS;
    const { language, flows, decisionPoints, guards } = this.#deps;
    const path = ["policies", index];
    this.#checkId(entry["id"], [...path, "id"]);
    const isOn = entry["enabled"] !== false;
    const effects = isObject(entry["then"]) ? entry["then"] : {};
    const seesResult = Object.hasOwn(effects, "redact");
    const when = [...path, "when"];
    const condition = this.#text(entry["when"], when, (text) => language.condition(text), seesResult);
    if (isOn) this.#checkAddress(condition, entry["when"], when);
    if (Object.hasOwn(effects, "hide") && condition !== undefined && !isAboutViewer(condition.reads)) {
      const message =
        "What is hidden is hidden before there is a request: this reads more than user, client, request.endpoint and what it is about.";
      this.#report(this.#deps.document.locate(when), message, "Use deny for what depends on the call.");
    }
    const looksAt: ArgumentPath[] = [...(condition?.looksAt ?? [])];
    const names = new Set(condition?.reads);
    let parts: EntryParts = {
      ...NO_PARTS,
      ...{ condition: condition?.run, reads: condition?.reads ?? NO_NAMES, names, looksAt },
    };
    for (const effect of EFFECTS) {
      const settings = effects[effect];
      if (!isObject(settings)) continue;
      const place = [...path, "then", effect];
      const read = <T>(name: string, compile: (text: string) => CompiledText<T>): T | undefined => {
        const compiled = this.#text(settings[name], [...place, name], compile, false);
        looksAt.push(...(compiled?.looksAt ?? []));
        if (name === "message") return compiled?.run;
        for (const read of compiled?.reads ?? []) names.add(read);
        if (isOn) this.#checkAddress(compiled, settings[name], [...place, name]);
        return compiled?.run;
      };
      const expression = (name: string) => read(name, (text) => language.expression(text));
      const message = read("message", (text) => compileTemplate(text, language));
      parts = { ...parts, message, key: expression("key"), cost: expression("cost") };
      if (effect === "request_approval") this.#checkName(settings["flow"], [...place, "flow"], FLOWS, flows);
      if (effect === "authorize") this.#checkName(settings["by"], [...place, "by"], POINTS, decisionPoints);
      if (effect === "guard")
        this.#checkName(settings["by"], [...place, "by"], GUARDS, guards && [...guards, ARGUMENTS_GUARD]);
      if (effect === "transform") {
        // What it writes are arguments, though it may read none.
        if (isObject(settings["arguments"])) names.add("args");
        const transform = compileTransform(settings, place, this.#transformReader(names, looksAt, isOn));
        parts = { ...parts, transform };
      }
      if (effect === "redact") this.#checkPaths(settings["paths"], [...place, "paths"]);
    }
    this.#checkScope(entry["target"], names, methodsOf(effects), path);
    return parts;
  }

  #transformReader(names: Set<string>, looksAt: ArgumentPath[], isOn: boolean): TransformReader {
    const { language, document } = this.#deps;
    return {
      expression: (text, path, seesResult) => {
        const compiled = this.#text(text, path, (it) => language.expression(it), seesResult);
        looksAt.push(...(compiled?.looksAt ?? []));
        for (const read of compiled?.reads ?? []) names.add(read);
        if (isOn) this.#checkAddress(compiled, text, path);
        return compiled;
      },
      report: (path, message, hint) => this.#report(document.locate(path), message, hint),
      touches: (path) => looksAt.push(path),
    };
  }

  /** Makes what takes long of an entry's texts before `check`, one piece in each step. */
  *prepare({ when, then }: PolicyEntry): Generator<void> {
    for (const text of [when, ...textsIn(then)]) {
      if (typeof text === "string") yield* this.#deps.language.prepare(text);
    }
  }

  #checkId(id: unknown, path: DocumentPath): void {
    if (typeof id !== "string") return;
    const { file, document, places } = this.#deps;
    const { line, column } = document.locate(path);
    const first = places.get(id);
    if (first === undefined) places.set(id, `${file}:${line}`);
    else this.#report({ line, column }, `The id \`${id}\` is taken by ${first}.`, "Ids are unique over all files.");
  }

  #checkScope(
    given: unknown,
    names: ReadonlySet<string>,
    among: ReturnType<typeof methodsOf>,
    path: DocumentPath,
  ): void {
    const read = targetSchema.safeParse(given ?? {});
    const problem = read.success ? scopeProblem(read.data, names, among) : undefined;
    if (problem === undefined) return;
    const place = given === undefined ? [...path, "when"] : [...path, "target"];
    this.#report(this.#deps.document.locate(place), problem, undefined);
  }

  // What a message shows decides nothing.
  #checkAddress(
    compiled: { readonly reads: ReadonlySet<string> } | undefined,
    text: unknown,
    path: DocumentPath,
  ): void {
    const { noClientAddress, document } = this.#deps;
    if (noClientAddress === undefined || typeof text !== "string") return;
    // All of `client` at once may be looked at for its address, too.
    if (compiled === undefined || !(compiled.reads.has("client.ip") || compiled.reads.has("client"))) return;
    const at = Math.max(0, text.indexOf("client"), text.indexOf("client.ip"));
    const { why, hint } = noClientAddress;
    this.#report(document.locateInText(path, at), `\`client.ip\` may be the address of a proxy: ${why}.`, hint);
  }

  #checkName(
    name: unknown,
    path: DocumentPath,
    { noun, key }: NamedThings,
    names: readonly string[] | undefined,
  ): void {
    if (typeof name !== "string" || names === undefined || names.includes(name)) return;
    const known = names.length === 0 ? `${key} in the configuration is empty.` : `Known are ${names.join(", ")}.`;
    const hint = didYouMean(suggest(name, names)) ?? known;
    this.#report(this.#deps.document.locate(path), `There is no ${noun} \`${name}\`.`, hint);
  }

  #checkPaths(paths: unknown, path: DocumentPath): void {
    if (!Array.isArray(paths)) return;
    paths.forEach((text: unknown, index) => {
      const problem = typeof text === "string" && text !== "" ? checkPath(text) : undefined;
      if (problem === undefined) return;
      const hint = "Paths are JSONPath (RFC 9535), for example $.customer.ssn or $..email.";
      this.#reportIn(
        [...path, index],
        [{ start: problem.offset, end: problem.offset, message: problem.message, hint }],
      );
    });
  }

  #text<T>(
    text: unknown,
    path: DocumentPath,
    compile: (text: string) => CompiledText<T>,
    seesResult: boolean,
  ): Extract<CompiledText<T>, { readonly ok: true }> | undefined {
    // A longer one is not looked into: the schema tells that it is too long.
    if (typeof text !== "string" || text.length > MAX_TEXT) return undefined;
    const compiled = compile(text);
    if (!compiled.ok) {
      this.#reportIn(path, compiled.problems);
      return undefined;
    }
    const early = seesResult ? undefined : [...compiled.reads].find((name) => name.startsWith("result"));
    if (early !== undefined) {
      const hint = "Only `redact` is decided after the tool has answered.";
      this.#report(this.#deps.document.locate(path), `\`${early}\` is not known before the call.`, hint);
    }
    return compiled;
  }

  #reportIn(path: DocumentPath, problems: readonly ExpressionProblem[]): void {
    for (const { start, message, hint } of problems.slice(0, MAX_MISTAKES + 1)) {
      this.#report(this.#deps.document.locateInText(path, start), message, hint);
    }
  }

  #report(place: { line: number; column: number }, message: string, hint: string | undefined): void {
    this.errors.push({ file: this.#deps.file, line: place.line, column: place.column, message, hint });
  }
}
