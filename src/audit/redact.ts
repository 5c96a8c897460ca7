import { numberIn } from "../core/exact-json.ts";
import { holdsValues, isObject, type Json, type JsonObject } from "../core/json.ts";
import { isCardNumber } from "../redaction/bank-numbers.ts";
import { type NumberSearch, scrubText } from "./secrets.ts";
import { createNameReader, looksLikeNumber, type NameKind } from "./sensitive-names.ts";

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

/** Members of an object that may hold the name of a setting or a field, and of one that then hold its value. */
const NAME = /^(?:name|key|field|header|variable|var|param|parameter|option)$/i;
const VALUE = /^(?:value|val|content|contents|data|text|input)$/i;

/** Characters of texts full of digits, of which a caller may write as many as fit: their search takes half a µs each. */
const MAX_SEARCHED = 10_000;

/** The name of a setting or of an option: a sentence about a password is none. */
const ONE_WORD = /^[\w.-]+$/;

/** Pure as well: what it remembers changes no answer. Without that, reading names would be the dearest part. */
const kindOf = createNameReader();

/** `kind`: what the key says under which it stands. */
function redactValue(value: Json | undefined, depth: number, kind: NameKind, budget: Budget): Json {
  budget.left -= 1;
  if (typeof value === "string") {
    const isNumber = kind === "number" && looksLikeNumber(value);
    return isNumber ? REDACTED : scrubText(value, budget.limits.maxText, REDACTED, budget.search);
  }
  const number = numberIn(value);
  if (number !== undefined) {
    return isCardNumber(number) || (kind === "number" && looksLikeNumber(number)) ? REDACTED : (value ?? null);
  }
  if (!holdsValues(value)) return value ?? null;
  if (depth === 0) return Array.isArray(value) ? `[list of ${value.length}]` : "[object]";
  if (isObject(value)) return redactObject(value, depth, kind, budget);
  const items: Json[] = [];
  let changed = false;
  // `["DB_PASSWORD", "…"]`, `["--password", "…"]`: what follows the name of a secret is the secret.
  let named = false;
  for (const item of value) {
    if (items.length >= budget.limits.maxEntries || budget.left <= 0) {
      items.push(`[${value.length - items.length} more]`);
      return items;
    }
    const isSecret: boolean = named && typeof item === "string" && isSubstance(item);
    const redacted = isSecret ? REDACTED : redactValue(item, depth - 1, kind, budget);
    named = !isSecret && typeof item === "string" && ONE_WORD.test(item) && namesSecret(item);
    changed ||= redacted !== item;
    items.push(redacted);
  }
  return changed ? items : value;
}

function redactObject(value: JsonObject, depth: number, within: NameKind, budget: Budget): JsonObject {
  const keys = Object.keys(value);
  const members: [string, Json][] = [];
  let changed = false;
  // `{"name": "DB_PASSWORD", "value": "…"}` hides the secret's name in a value.
  const named = keys.some((key) => NAME.test(key) && namesSecret(value[key]));
  for (const key of keys) {
    if (members.length >= budget.limits.maxEntries || budget.left <= 0) {
      members.push(["[more]", keys.length - members.length]);
      return Object.fromEntries(members);
    }
    const member = value[key];
    const kind = kindOf(key, within);
    const secret = (kind === "secret" && !isTokenCount(key, member)) || (named && VALUE.test(key));
    const shownKey = scrubText(key, MAX_KEY, REDACTED, budget.search);
    const shown = secret && isSubstance(member) ? REDACTED : redactValue(member, depth - 1, kind, budget);
    changed ||= shownKey !== key || shown !== member;
    members.push([shownKey, shown]);
  }
  return changed ? Object.fromEntries(members) : value;
}

function namesSecret(value: Json | undefined): boolean {
  return typeof value === "string" && kindOf(value.slice(0, MAX_KEY)) === "secret";
}

/** `max_tokens: 100` counts the tokens of a language model. */
function isTokenCount(key: string, value: Json | undefined): boolean {
  return numberIn(value) !== undefined && /tokens$/i.test(key);
}

/** Whether a value can be a secret at all: that there is none, or a yes or no, may be shown. */
function isSubstance(value: Json | undefined): boolean {
  return value !== undefined && value !== null && typeof value !== "boolean" && value !== "";
}
