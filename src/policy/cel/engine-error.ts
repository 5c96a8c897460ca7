import { suggest } from "../../core/suggest.ts";
import { readCall } from "../syntax/ast.ts";
import { didYouMean, typeName } from "../syntax/expression-rules.ts";
import { fieldType, isRecordName, VARIABLES, VOCABULARY } from "../syntax/vocabulary.ts";

/** What the engine's three error classes have in common. */
export interface EngineError {
  readonly code: string;
  readonly summary: string;
  readonly range: { readonly start: number; readonly end: number } | undefined;
  readonly node: unknown;
}

/** Whether the engine threw this, and not the runtime below it. */
export function isEngineError(error: unknown): error is EngineError {
  return error instanceof Error && "summary" in error && "code" in error && "range" in error;
}

/** What other languages write, and CEL otherwise. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ["=", "=="],
  ["&", "&&"],
  ["|", "||"],
  ["and", "&&"],
  ["or", "||"],
]);

/** What an author should write instead of `text`, where that can be told. */
export function hintFor(error: EngineError, text: string, functionNames: readonly string[]): string | undefined {
  const place = error.range === undefined ? "" : text.slice(error.range.start, error.range.end);
  switch (error.code) {
    case "unexpected_character": {
      // What stands behind `not` is what the engine does not expect.
      const isNegated = /\bnot\s+$/i.test(text.slice(0, error.range?.start));
      const instead = isNegated ? "!" : FOREIGN.get(place.toLowerCase());
      return instead === undefined ? undefined : `CEL writes \`${instead}\`.`;
    }
    case "unknown_variable":
      return didYouMean(suggest(place, VARIABLES)) ?? `Known are ${VARIABLES.join(", ")}.`;
    case "no_such_key": {
      const [, root, field = ""] = /^(\w+)\s*\.\s*(\w+)/.exec(nodeText(error)) ?? [];
      if (!isRecordName(root) || fieldType(root, field) !== undefined) return undefined;
      const close = suggest(field, Object.keys(VOCABULARY[root]));
      const known = `\`${root}\` has ${Object.keys(VOCABULARY[root]).join(", ")}.`;
      return close === undefined ? known : didYouMean(`${root}.${close}`);
    }
    case "no_matching_overload": {
      const name = calledName(error);
      return name === undefined || functionNames.includes(name) ? undefined : didYouMean(suggest(name, functionNames));
    }
    default:
      return undefined;
  }
}

function nodeText(error: EngineError): string {
  const { node } = error;
  if (typeof node !== "object" || node === null || !("input" in node && "start" in node && "end" in node)) return "";
  const { input, start, end } = node;
  return typeof input === "string" && typeof start === "number" && typeof end === "number"
    ? input.slice(start, end)
    : "";
}

function calledName(error: EngineError): string | undefined {
  const { node } = error;
  if (typeof node !== "object" || node === null || !("op" in node && "args" in node)) return undefined;
  if (node.op !== "call" && node.op !== "rcall") return undefined;
  return readCall({ op: node.op, args: node.args, start: 0, end: 0 })?.name;
}

/** The engine's summary as an author reads it. */
export function sentence(summary: string): string {
  const text = typeName(summary)
    .replace("Unexpected token: EOF", "Unexpected end")
    .replace("IDENTIFIER", "a name")
    .replace("EOF", "the end");
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
