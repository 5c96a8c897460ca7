import { stripVTControlCharacters } from "node:util";
import { asEscape, cut, escapeForDisplay } from "../../core/display.ts";
import { ExactNumber } from "../../core/exact-number.ts";
import { isObject, type Json } from "../../core/json.ts";
import { createConcealer } from "./without-values.ts";

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
/** Arguments with more values, or with longer texts, are not looked for in what is said. */
const MAX_VALUES = 1_000;
const MAX_LENGTH = 20_000;
/** Shorter values stand in many words, and as many letters in a row are some of a value. */
const MIN_VALUE = 3;
const LONGEST_RUN = 16;
/** A name as schemas have it; another may be a value that an object has as a key. */
const DECLARED = /^[a-z_$][a-z_$-]*\d?$/i;

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

/** What happened with what was said of it in a line of its own, for operators: without the values of `params` in any spelling. */
export function withWords(detail: string, said: string | undefined, params: Json): string {
  if (said === undefined) return detail;
  const words = withoutValues(said, params);
  return `${detail}\n${words === undefined ? "What it says is not shown beside arguments this long." : `It says: ${words}`}`;
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

/** `undefined`: there is too much that it would have to be held against. */
function withoutValues(text: string, params: Json): string | undefined {
  const values: string[] = [];
  let length = 0;
  const todo: (Json | undefined)[] = [params];
  for (const value of todo) {
    if (typeof value === "string") values.push(value, ...value.split(/[\r\n]+/));
    else if (typeof value === "number") values.push(String(value));
    else if (value instanceof ExactNumber) values.push(value.text);
    else if (Array.isArray(value)) todo.push(...(value as readonly Json[]).slice(0, MAX_VALUES));
    else if (isObject(value)) {
      const names = Object.keys(value);
      values.push(...names.filter((name) => !DECLARED.test(name)));
      todo.push(...names.slice(0, MAX_VALUES).map((name) => value[name]));
    }
    length += typeof value === "string" ? value.length : 0;
    if (todo.length > MAX_VALUES || length > MAX_LENGTH) return undefined;
  }
  return createConcealer({ values, minLength: MIN_VALUE, longestRun: LONGEST_RUN })(text);
}
