import { numberIn, writeExact } from "../core/exact-json.ts";
import { ExactNumber } from "../core/exact-number.ts";
import { holdsValues, isObject, type Json, type JsonObject } from "../core/json.ts";
import { isCardNumber } from "./detect/bank-numbers.ts";
import { parseEmbedded } from "./embedded.ts";
import { LIMITS } from "./limits.ts";
import { textMark } from "./marks.ts";
import { redactText, type TextSearch } from "./redact-text.ts";

/** What is looked for in values. */
export interface ValueSearch extends TextSearch {
  /** A text has become JSON by what was taken out of it: this, without what paths name in it. */
  uncovered(value: Json): Json;
}

/** What stands where something was not looked into because it is nested too deeply. */
const WITHHELD = "[redacted]";

/**
 * Any JSON without what is looked for, in texts, keys and numbers; texts that hold JSON are looked into as such. The
 * very same value if nothing had to go. @throws never
 */
export function redactValue(value: Json, search: ValueSearch): Json {
  return walk(value, undefined, LIMITS.maxDepth, search);
}

function walk(value: Json, key: string | undefined, depth: number, search: ValueSearch): Json {
  if (typeof value === "string") return redactString(value, key, depth, search);
  if (typeof value === "number" || value instanceof ExactNumber) return redactNumber(value, key, search);
  if (!holdsValues(value)) return value;
  if (depth === 0) return WITHHELD;
  return isObject(value) ? walkObject(value, depth, search) : walkList(value, key, depth, search);
}

function redactString(text: string, key: string | undefined, depth: number, search: ValueSearch): string {
  const embedded = parseEmbedded(text);
  if (embedded === undefined) {
    const left = redactText(text, key, search);
    const uncovered = left === text ? undefined : parseEmbedded(left);
    return uncovered === undefined ? left : writeExact(walk(search.uncovered(uncovered.value), key, depth - 1, search));
  }
  const redacted = walk(embedded.value, key, depth - 1, search);
  // What JSON hides behind a later member of the same name would still be in the text.
  return redacted === embedded.value && embedded.faithful ? text : writeExact(redacted);
}

function redactNumber(value: number | ExactNumber, key: string | undefined, search: TextSearch): Json {
  const how = search.detectors.get("credit_card");
  const double = numberIn(value) ?? 0;
  if (how !== undefined && isCardNumber(double)) {
    search.count("credit_card");
    return textMark("credit_card", how, BigInt(Math.abs(double)).toString(), search.hash);
  }
  if (key === undefined) return value;
  const digits = value instanceof ExactNumber ? value.text : String(value);
  const redacted = redactText(digits, key, search);
  return redacted === digits ? value : redacted;
}

function walkList(list: readonly Json[], key: string | undefined, depth: number, search: ValueSearch): Json {
  let changed: Json[] | undefined;
  for (const [index, item] of list.entries()) {
    const redacted = walk(item, key, depth - 1, search);
    if (redacted === item) continue;
    changed ??= [...list];
    changed[index] = redacted;
  }
  return changed ?? list;
}

function walkObject(object: JsonObject, depth: number, search: ValueSearch): JsonObject {
  const members: { key: string; redactedKey: string; value: Json }[] = [];
  let changed = false;
  for (const [key, member] of Object.entries(object)) {
    if (member === undefined) continue;
    const redactedKey = redactText(key, undefined, search);
    // The name as it goes out: a second look must read the same.
    const value = walk(member, redactedKey, depth - 1, search);
    changed ||= redactedKey !== key || value !== member;
    members.push({ key, redactedKey, value });
  }
  if (!changed) return object;
  const name = namer(members.filter(({ key, redactedKey }) => key === redactedKey).map(({ key }) => key));
  return Object.fromEntries(
    members.map(({ key, redactedKey, value }) => [key === redactedKey ? key : name(redactedKey), value]),
  );
}

// A map keyed by e-mail addresses keeps all of its members: "[redacted:email]", "[redacted:email] #2", …
function namer(taken: readonly string[]): (wanted: string) => string {
  const names = new Set(taken);
  const counts = new Map<string, number>();
  return (wanted) => {
    let count = (counts.get(wanted) ?? 0) + 1;
    let name = count === 1 ? wanted : `${wanted} #${count}`;
    while (names.has(name)) name = `${wanted} #${++count}`;
    counts.set(wanted, count);
    names.add(name);
    return name;
  };
}
