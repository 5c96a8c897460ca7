import { isObject } from "../../core/json.ts";
import type { DecidedMethod } from "../../core/subject.ts";
import type { CompiledText, Expression } from "../cel/environment.ts";
import type { DocumentPath } from "../file/document.ts";
import { type MemberPath, overlap, readPath } from "../transforms/member-paths.ts";
import type { CompiledTransform, Writing, WrittenName } from "../transforms/transform.ts";

/** How the texts of a `transform` are read, and where mistakes go. */
export interface TransformReader {
  /** Compiles the expression at a place; `undefined` where it has a mistake, which is told. `seesResult`: it may read `result`. */
  expression(text: unknown, path: DocumentPath, seesResult: boolean): CompiledExpression | undefined;
  report(path: DocumentPath, message: string, hint: string | undefined): void;
  /** Something at this place of the arguments is written. */
  touches(path: MemberPath): void;
}

type CompiledExpression = Extract<CompiledText<Expression>, { readonly ok: true }>;

/** What is written by names of one sort. */
interface NameRules<Name> {
  /** The name, or `undefined` where it cannot be one, which is told. */
  read(name: string, path: DocumentPath): Name | undefined;
  same(one: Name, other: Name): boolean;
  /** Holds what an expression reads against what its value is for. */
  check?(compiled: CompiledExpression, path: DocumentPath): void;
}

/** The requests that a policy can be about, where its effect leaves some out: others have nothing that it could write. */
export function methodsOf(then: { readonly [effect: string]: unknown }): readonly DecidedMethod[] | undefined {
  const { transform } = then;
  if (!isObject(transform)) return undefined;
  const written: readonly DecidedMethod[] = ["tools/call", "prompts/get", "resources/read"];
  return written.filter(
    (method) =>
      (method !== "resources/read" || transform["arguments"] === undefined) &&
      (method !== "prompts/get" || transform["result"] === undefined),
  );
}

/** Compiles what a policy writes. What is wrong with it is told by `reader`. @throws never */
export function compileTransform(
  settings: { readonly [part: string]: unknown },
  place: DocumentPath,
  reader: TransformReader,
): CompiledTransform {
  const paths: NameRules<MemberPath> = {
    read(name, path) {
      const read = readPath(name);
      if (read.ok) return read.path;
      reader.report(path, read.message, read.hint);
      return undefined;
    },
    same: overlap,
  };
  const args = compileWriting(settings["arguments"], [...place, "arguments"], paths, reader);
  for (const { name } of args?.set ?? []) reader.touches(name);
  for (const name of args?.remove ?? []) reader.touches(name);
  return { arguments: args, headers: undefined, meta: undefined, result: undefined };
}

function compileWriting<Name>(
  part: unknown,
  place: DocumentPath,
  rules: NameRules<Name>,
  reader: TransformReader,
): Writing<Name> | undefined {
  if (!isObject(part)) return undefined;
  const seesResult = place.at(-1) === "result";
  const written: Name[] = [];
  const fresh = (name: Name, path: DocumentPath): boolean => {
    const again = written.some((other) => rules.same(name, other));
    if (again)
      reader.report(path, "What is written here is written, or left out, by another line of this policy.", undefined);
    written.push(name);
    return !again;
  };
  const set: WrittenName<Name>[] = [];
  for (const [key, text] of Object.entries(isObject(part["set"]) ? part["set"] : {})) {
    const path = [...place, "set", key];
    const name = rules.read(key, path);
    const compiled = reader.expression(text, path, seesResult);
    if (name === undefined || !fresh(name, path) || compiled === undefined) continue;
    rules.check?.(compiled, path);
    set.push({ name, place: `${String(place.at(-1))}.set.${key}`, value: compiled.run });
  }
  const remove: Name[] = [];
  const listed: unknown = part["remove"];
  for (const [index, key] of (Array.isArray(listed) ? listed : []).entries()) {
    const path = [...place, "remove", index];
    const name = typeof key === "string" && key !== "" ? rules.read(key, path) : undefined;
    if (name !== undefined && fresh(name, path)) remove.push(name);
  }
  return { set, remove };
}
