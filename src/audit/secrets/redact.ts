import { numberIn } from "../../core/exact-json.ts";
import { holdsValues, isObject, type Json, type JsonObject } from "../../core/json.ts";
import { isCardNumber } from "../../redaction/detect/bank-numbers.ts";
import {
  type Columns,
  cardsAcross,
  columnsBeside,
  headOf,
  kindBeside,
  kindOfText,
  neighbourName,
} from "./neighbours.ts";
import { type NumberSearch, scrubText } from "./secrets.ts";
import { kindWithin, looksLikeNumber, type Name, type NameKind } from "./sensitive-names.ts";

/** What a redacted copy may not exceed, so that a record stays small whatever a caller sends. */
export interface RedactLimits {
  /** Objects and lists around a value. */
  readonly maxDepth: number;
  /** Members of one object, items of one list. */
  readonly maxEntries: number;
  /** Values in all. */
  readonly maxValues: number;
  /** Characters of one text. */
  readonly maxText: number;
}

export const REDACT_LIMITS: RedactLimits = { maxDepth: 6, maxEntries: 50, maxValues: 300, maxText: 200 };

/** What stands where a secret stood. */
export const REDACTED = "[redacted]";

/**
 * Call arguments made safe to show and small: values under keys that name a secret or the number of an account are replaced,
 * texts that look like a credential or hold such a number too, long ones are cut. It errs on the side of hiding. Where nothing had to go, the very same value comes
 * back. Pure. @throws never
 */
export function redact(value: JsonObject, limits: RedactLimits = REDACT_LIMITS): JsonObject {
  return redactObject(value, limits.maxDepth, "plain", {
    left: limits.maxValues,
    search: { left: MAX_SEARCHED },
    limits,
  });
}

interface Budget {
  left: number;
  /** Shared by all texts and keys. */
  readonly search: NumberSearch;
  readonly limits: RedactLimits;
}

const MAX_KEY = 80;

/** Members of an object that may name what others hold; a caller may send a million, and reading a name takes 2 µs. */
const MAX_NAMES = 500;

/** Characters of texts full of digits, of which a caller may write as many as fit: their search takes half a µs each. */
const MAX_SEARCHED = 10_000;

/** The name of a setting or of an option: a sentence about a password is none. */
const ONE_WORD = /^[\p{L}\p{M}\p{N}_.:-]+$/u;

/** `kind`: what the key says under which it stands. `columns`: where it is a table, or a row of one. */
function redactValue(value: Json | undefined, depth: number, kind: NameKind, budget: Budget, columns?: Columns): Json {
  budget.left -= 1;
  if (typeof value === "string") {
    const isNumber = kind === "number" && looksLikeNumber(value);
    return isNumber ? REDACTED : scrubText(value, budget.limits.maxText, REDACTED, budget.search);
  }
  const number = numberIn(value);
  if (number !== undefined) {
    return isCardNumber(Math.trunc(number)) || (kind === "number" && looksLikeNumber(number))
      ? REDACTED
      : (value ?? null);
  }
  if (!holdsValues(value)) return value ?? null;
  if (depth === 0) return Array.isArray(value) ? `[list of ${value.length}]` : "[object]";
  return isObject(value) ? redactObject(value, depth, kind, budget) : redactList(value, depth, kind, budget, columns);
}

function redactList(list: readonly Json[], depth: number, kind: NameKind, budget: Budget, given?: Columns): Json {
  const items: Json[] = [];
  const isTable = Array.isArray(list[0]);
  const head = isTable && given === undefined ? headOf(list) : undefined;
  const cards = cardsAcross(list, budget.limits.maxEntries);
  let changed = false;
  // `["DB_PASSWORD", "…"]`, `["--password", "…"]`: what follows the name of a secret is the secret.
  let named = false;
  for (const item of list) {
    const index = items.length;
    if (items.length >= budget.limits.maxEntries || budget.left <= 0) {
      items.push(`[${list.length - items.length} more]`);
      return items;
    }
    const isSecret: boolean =
      (named && isText(item)) || cards?.has(index) === true || (!isTable && given?.has(index) === true);
    const columns = isTable ? (given ?? (index > 0 ? head : undefined)) : undefined;
    const redacted = isSecret && isSubstance(item) ? REDACTED : redactValue(item, depth - 1, kind, budget, columns);
    named = !isSecret && typeof item === "string" && ONE_WORD.test(item) && kindOfText(item) === "secret";
    changed ||= redacted !== item;
    items.push(redacted);
  }
  return changed ? items : list;
}

function redactObject(value: JsonObject, depth: number, within: NameKind, budget: Budget): JsonObject {
  const keys = Object.keys(value);
  const members: [string, Json][] = [];
  let changed = false;
  const names: Name[] = [];
  let holds = false;
  let heads = false;
  for (const key of keys.length > MAX_NAMES ? keys.slice(0, MAX_NAMES) : keys) {
    const name = neighbourName(key);
    holds ||= name.role === "holds";
    heads ||= name.role === "heads";
    names.push(name);
  }
  const beside = holds ? kindBeside(value, names) : "plain";
  const columns = heads ? columnsBeside(value, names) : undefined;
  for (const key of keys) {
    if (members.length >= budget.limits.maxEntries || budget.left <= 0) {
      members.push(["[more]", keys.length - members.length]);
      return Object.fromEntries(members);
    }
    const member = value[key];
    const { kind: named = "plain", role } = names[members.length] ?? {};
    const own = kindWithin(named, key, within);
    const kind = own === "plain" && role === "holds" ? beside : own;
    const shownKey = scrubText(key, MAX_KEY, REDACTED, budget.search);
    const shown =
      kind === "secret" && isSubstance(member) && !isTokenCount(key, member)
        ? REDACTED
        : redactValue(member, depth - 1, kind, budget, role === "heads" ? undefined : columns);
    changed ||= shownKey !== key || shown !== member;
    members.push([shownKey, shown]);
  }
  return changed ? Object.fromEntries(members) : value;
}

/** `max_tokens: 100` counts the tokens of a language model. */
function isTokenCount(key: string, value: Json | undefined): boolean {
  return numberIn(value) !== undefined && /tokens$/i.test(key);
}

function isText(value: Json): boolean {
  return typeof value === "string" || numberIn(value) !== undefined;
}

/** Whether a value can be a secret at all: that there is none, or a yes or no, may be shown. */
function isSubstance(value: Json | undefined): boolean {
  return value !== undefined && value !== null && typeof value !== "boolean" && value !== "";
}
