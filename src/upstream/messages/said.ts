import { stripVTControlCharacters } from "node:util";
import { asEscape, cut, escapeForDisplay } from "../../core/display.ts";
import { ExactNumber } from "../../core/exact-number.ts";
import { isObject, type Json } from "../../core/json.ts";

/*
 * What a server says in an HTTP answer that is no message: a proxy's line, a framework's `{"detail": …}`. The agent reads it,
 * because it may be about what was asked, and operators do, without what was asked. Pages are for people, and no reasons.
 */

/** Longer bodies are no reason, and what is shown of a reason. */
const MAX_BYTES = 16 * 1024;
const MAX_CHARS = 200;
/** Where frameworks write why, and how deep. RFC 9457 (`detail`, `title`), RFC 6749 §5.2 (`error_description`) */
const MEMBERS = ["detail", "message", "msg", "error_description", "error", "errors", "title", "reason", "description"];
const MAX_DEPTH = 4;
/** Values of arguments that are taken out, and shorter than which they stand in many words. */
const MAX_VALUES = 1_000;
const MIN_VALUE = 3;
const MARK = "[…]";

/** Its words in one line, safe to show; `undefined` where there are none. `mask` takes out what is secret. @throws never */
export function wordsIn(body: Buffer, mask: (text: string) => string): string | undefined {
  if (body.length === 0 || body.length > MAX_BYTES) return undefined;
  const text = body.toString("utf8").trim();
  // Pages and XML; and bytes that are no text.
  if (text.startsWith("<") || text.includes("\uFFFD") || text.includes("\0")) return undefined;
  const found = /^[[{"]/.test(text) ? reasonIn(parsed(text), MAX_DEPTH) : text;
  if (found === undefined) return undefined;
  const line = stripVTControlCharacters(found).replace(/\s+/g, " ").trim();
  return line === "" ? undefined : cut(escapeForDisplay(mask(line), asEscape), MAX_CHARS);
}

/** What happened with what was said of it in a line of its own, for operators: without the values of `params`. */
export function withWords(detail: string, said: string | undefined, params: Json): string {
  return said === undefined ? detail : `${detail}\nIt says: ${withoutValues(said, params)}`;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    // It only begins like JSON, and is cut somewhere: who knows what of.
    return undefined;
  }
}

function reasonIn(value: Json | undefined, depth: number): string | undefined {
  if (typeof value === "string") return value.trim() === "" ? undefined : value;
  if (depth === 0) return undefined;
  if (Array.isArray(value)) return reasonIn((value as readonly Json[])[0], depth - 1);
  if (!isObject(value)) return undefined;
  for (const name of MEMBERS) {
    const found = Object.hasOwn(value, name) ? reasonIn(value[name], depth - 1) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The longest first, so that no part is left of one that holds another. */
function withoutValues(text: string, params: Json): string {
  const values = new Set<string>();
  const todo: (Json | undefined)[] = [params];
  for (let at = 0; at < todo.length && at < MAX_VALUES; at++) {
    const value = todo[at];
    if (typeof value === "string") values.add(value.replace(/\s+/g, " ").trim());
    else if (typeof value === "number") values.add(String(value));
    else if (value instanceof ExactNumber) values.add(value.text);
    else if (Array.isArray(value)) todo.push(...(value as readonly Json[]).slice(0, MAX_VALUES));
    else if (isObject(value)) todo.push(...Object.values(value).slice(0, MAX_VALUES));
  }
  let left = text;
  for (const value of [...values].sort((a, b) => b.length - a.length)) {
    if (value.length >= MIN_VALUE) left = left.replaceAll(value, MARK);
  }
  return left;
}
