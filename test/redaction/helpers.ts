import { createHmac } from "node:crypto";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { redactJson, redactResult } from "../../src/redaction/redact.ts";
import { compileRedaction, type Redaction, type RedactionRule } from "../../src/redaction/redaction.ts";
import type { ResultKind } from "../../src/redaction/shapes/result-kinds.ts";

/** A keyed hash as the gateway has it. */
export const hash = (text: string): string => createHmac("sha256", "test key").update(text).digest("hex");

/** A compiled rule that replaces, unless told otherwise. */
export function rule(parts: Partial<RedactionRule>): Redaction {
  return compileRedaction({ detect: [], paths: [], with: "replace", binary: "pass", ...parts });
}

/** A text as it comes out of a result's text block. @throws Error if the result was withheld */
export function redactedText(text: string, ...rules: readonly Redaction[]): Json | undefined {
  const { result } = redacted({ content: [{ type: "text", text }] }, ...rules);
  return JSON.parse(JSON.stringify(result)).content[0].text;
}

/** A tool's result that may be given out. @throws Error if it was withheld */
export function redacted(result: JsonObject, ...rules: readonly Redaction[]) {
  return redactedOf("tool", result, ...rules);
}

/** Any result that may be given out. @throws Error if it was withheld */
export function redactedOf(kind: ResultKind, result: JsonObject, ...rules: readonly Redaction[]) {
  const outcome = redactResult(kind, result, rules, hash);
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome;
}

/** Any JSON as it goes out beside a result. */
export function redactedJson(value: Json, ...rules: readonly Redaction[]): Json {
  return redactJson(value, rules, hash);
}
