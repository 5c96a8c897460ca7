import { withoutMark } from "../../core/byte-order-mark.ts";
import { numberIn } from "../../core/exact-json.ts";
import { fold } from "../../core/fold.ts";
import { isObject, type Json } from "../../core/json.ts";

/*
 * Which request a message answers that is not taken, so that its caller need not wait for a better one. Servers also print
 * what they like to stdout, and what they print may hold ids and whole messages: only what has the form of an answer is one.
 */

/** More members, and longer names, than an answer has. */
const MAX_MEMBERS = 8;
const MAX_NAME = 64;

/** Which id of ours a value is: all of them are integers, and some servers give them back as texts. */
export function ownId(value: Json | undefined): number | undefined {
  if (typeof value === "string") return /^(?:0|[1-9]\d{0,14})$/.test(value) ? Number(value) : undefined;
  const id = numberIn(value);
  return Number.isSafeInteger(id) ? id : undefined;
}

/**
 * The id in JSON that answers something, whatever is wrong with it otherwise: it has `result` or `error`, or nothing but the
 * envelope, asks and tells nothing, and names one id. Names count however they are spelt. @throws never
 */
export function answeredId(value: Json): number | undefined {
  if (!isObject(value)) return undefined;
  const names = Object.keys(value);
  if (names.length > MAX_MEMBERS) return undefined;
  const ids = new Set<number | undefined>();
  const forms = new Set<string>();
  for (const name of names) {
    const form = name.length > MAX_NAME ? "" : fold(name);
    forms.add(form);
    if (form === "id") ids.add(ownId(value[name]));
  }
  const [id] = ids;
  if (ids.size !== 1 || forms.has("method")) return undefined;
  return forms.has("result") || forms.has("error") || forms.has("jsonrpc") ? id : undefined;
}

/**
 * Whether something on a request's own stream that is not taken ends that request: what answers it, and what is beyond the
 * limits, whatever it was. What else is no message stands beside the answer.
 */
export function endsItsRequest(
  message: { readonly code: string; readonly id: number | undefined },
  id: number,
): boolean {
  return message.id === id || message.code === "UPSTREAM_TOO_LARGE";
}

const EDGE = 64;

// With the version before it, behind it, or not at all: the id stands beside `result`, and in nothing that is nested.
const ID_FIRST = /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*("?)(\d{1,15})\1\s*,/;
const ID_LAST = /,\s*"id"\s*:\s*("?)(\d{1,15})\1\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/;
const VERSION_FIRST = /^\s*\{\s*"jsonrpc"\s*:\s*"2\.0"/;

/** The same for what is no JSON, or too large to be read, from its first and last bytes. @throws never */
export function answeredIdAtEdges(given: Buffer): number | undefined {
  const bytes = withoutMark(given);
  const head = bytes.toString("latin1", 0, EDGE);
  const tail = bytes.toString("latin1", Math.max(0, bytes.length - EDGE));
  if (!/"(?:result|error)"/.test(head) && !VERSION_FIRST.test(head)) return undefined;
  if (/"method"/.test(head) || /"method"/.test(tail)) return undefined;
  const found = ID_FIRST.exec(head) ?? ID_LAST.exec(tail);
  return found === null ? undefined : Number(found[2]);
}
