import { cut, escapeForDisplay } from "../core/display.ts";
import { isObject, type Json, type JsonObject } from "../core/json.ts";
import { findAmbiguousKey } from "../core/keys.ts";
import { parseJson } from "../core/parse-json.ts";
import { type JsonLimits, type NameWatch, scanJson } from "../core/scan-json.ts";
import type { PoolAnswer } from "../http/outbound-pool.ts";
import type { PointAnswer } from "./decision-points.ts";

/** Nobody who says yes or no has more to say. */
export const MAX_ANSWER_BYTES = 64 * 1024;

const LIMITS: JsonLimits = { maxDepth: 16, maxCount: 5_000 };

/** Of a reason, in UTF-16 units. */
const MAX_REASON = 1_000;

/** An answer that cannot count. `error`: a sentence without anything of the request or of the answer. */
export function pointError(error: string): PointAnswer {
  return { kind: "error", error };
}

/** The JSON object that a point answered with status 200, or the error that its answer amounts to. @throws never */
export function readObject(answer: PoolAnswer): { readonly object: JsonObject } | { readonly error: PointAnswer } {
  if (answer.kind === "failed") return { error: pointError(`It could not be asked: ${answer.reason}.`) };
  if (answer.status !== 200) return { error: statusError(answer.status) };
  const parsed = readOnce(answer.body);
  if (typeof parsed === "string") return { error: pointError(parsed) };
  if (!isObject(parsed.value)) return { error: pointError("Its answer is no JSON object.") };
  return { object: parsed.value };
}

/** Says of a status that it is no answer. */
export function statusError(status: number): PointAnswer {
  const redirect = status >= 300 && status < 400 ? ", and redirects are not followed" : "";
  return pointError(`It answered with status ${status}${redirect}.`);
}

/** A refusal with what can be shown of its reason. */
export function denied(reason: Json | undefined): PointAnswer {
  return { kind: "deny", reason: typeof reason === "string" ? shownReason(reason) : undefined };
}

/** A text of somebody else's for the record: one line, harmless, bounded; `undefined` where nothing is left. */
export function shownReason(text: string): string | undefined {
  const line = escapeForDisplay(text.slice(0, MAX_REASON * 4).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " "), () => "");
  const shown = cut(line.trim(), MAX_REASON - 1);
  return shown === "" ? undefined : shown;
}

// A name that stands twice says two things: readers differ in which of them counts.
function readOnce(body: Buffer): { readonly value: Json } | string {
  const names = new NamesOnce();
  const scan = scanJson(body, LIMITS, names);
  if (scan.kind === "JSON_MALFORMED") return "Its answer is no JSON.";
  if (scan.kind !== "json") return "Its answer is too deep or holds too much.";
  const parsed = names.repeated ? undefined : parseJson(body.toString("utf8"), LIMITS);
  if (parsed === undefined) return "Its answer has a name twice in one object.";
  if (!parsed.ok) return "Its answer is JSON that two readers read differently.";
  if (findAmbiguousKey(parsed.value, "$") !== undefined) return "Its answer has a name twice in one object.";
  return { value: parsed.value };
}

class NamesOnce implements NameWatch {
  repeated = false;
  readonly #seen: Set<string>[] = [];

  open(depth: number): void {
    this.#seen[depth] = new Set();
  }

  name(text: Buffer, from: number, to: number, depth: number, odd: boolean): number {
    const raw = text.toString("utf8", from, to);
    const name = odd ? decoded(raw) : raw;
    const seen = this.#seen[depth];
    if (name === undefined || seen === undefined || seen.has(name)) this.repeated = true;
    else seen.add(name);
    return Number.POSITIVE_INFINITY;
  }
}

function decoded(raw: string): string | undefined {
  try {
    const name: unknown = JSON.parse(`"${raw}"`);
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
}
