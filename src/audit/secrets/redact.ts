import { numberIn, parseExact, writeExact } from "../../core/exact-json.ts";
import { ExactNumber } from "../../core/exact-number.ts";
import { holdsValues, isObject, type Json, type JsonObject } from "../../core/json.ts";
import { isCardNumber } from "../../redaction/detect/bank-numbers.ts";
import {
  type Columns,
  cardsAcross,
  columnsBeside,
  headOf,
  isKeyBeside,
  kindBeside,
  kindOfText,
  NOTHING_BESIDE,
  nameWithin,
} from "../names/neighbours.ts";
import { createSearchBudget, JSON_STEPS, type SearchBudget, spendSteps } from "../names/search-budget.ts";
import {
  isTokenCount,
  kindWithin,
  looksLikeNumber,
  MAX_NAME,
  type Name,
  type NameKind,
} from "../names/sensitive-names.ts";
import { HINT } from "./assigned.ts";
import { secretArguments } from "./commands.ts";
import { type Placed, placeGiven } from "./places.ts";
import { cutText, scrubText } from "./secrets.ts";

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
 * back. What is too much for `search`, the work that all of it may take, is hidden without a look. Pure, but that it takes from
 * `search`. @throws never
 */
export function redact(value: JsonObject, limits = REDACT_LIMITS, search = createSearchBudget()): JsonObject {
  return redactObject(value, limits.maxDepth, "plain", { left: limits.maxValues, search, limits, placed: new Map() });
}

interface Budget {
  left: number;
  /** Shared by all that is read. */
  readonly search: SearchBudget;
  /** What statements and programs say of what they are given, which comes later. */
  readonly placed: Placed;
  readonly limits: RedactLimits;
}

const MAX_KEY = 80;

/** Members of an object that may name what others hold; a caller may send a million. */
const MAX_NAMES = 500;

const OPERATOR = /^(?:[=!<>~]{1,3}|eq|ne|neq|like|is|in|equals|contains)$/i;

/** The name of a setting or of an option: a sentence about a password is none. */
const ONE_WORD = /^[#.]?[\p{L}\p{M}\p{N}_.:[\]=-]+$/u;

/** `kind`: what the key says under which it stands. `columns`: where it is a table, or a row of one. */
function redactValue(value: Json | undefined, depth: number, kind: NameKind, budget: Budget, columns?: Columns): Json {
  budget.left -= 1;
  if (typeof value === "string") {
    const isNumber = kind === "number" && looksLikeNumber(value);
    if (isNumber) return REDACTED;
    const read = redactJson(value, depth, budget);
    return read ?? scrubText(value, budget.limits.maxText, REDACTED, budget.search);
  }
  const number = numberIn(value);
  if (number !== undefined) {
    if (isCardNumber(Math.trunc(number)) || (kind === "number" && looksLikeNumber(number))) return REDACTED;
    // Digits are kept as they stood, and a caller may write millions.
    const long = value instanceof ExactNumber && value.text.length > budget.limits.maxText;
    return long ? `[number of ${value.text.length} characters]` : (value ?? null);
  }
  if (!holdsValues(value)) return value ?? null;
  if (depth === 0) return Array.isArray(value) ? `[list of ${value.length}]` : "[object]";
  return isObject(value) ? redactObject(value, depth, kind, budget) : redactList(value, depth, kind, budget, columns);
}

/** JSON, also in a fence of Markdown. */
const BEGINS_JSON = /^\s{0,20}[`[{]/;
const JSON_TEXT = /^\s{0,20}(?:```\w{0,10}\s{1,4})?([[{][\s\S]*[\]}])\s{0,20}(?:```\s{0,20})?$/;

/** A text that is JSON, read as such, where something has to go; `undefined` where nothing has or it is none. */
function redactJson(text: string, depth: number, budget: Budget): string | undefined {
  const { search, limits } = budget;
  if (depth <= 0 || !BEGINS_JSON.test(text)) return undefined;
  if (!spendSteps(search, text.length)) return ENDS_JSON.test(text.slice(-MAX_END)) ? REDACTED : undefined;
  if (!HINT.test(text)) return undefined;
  const json = JSON_TEXT.exec(text)?.[1];
  if (json === undefined) return undefined;
  if (!spendSteps(search, text.length * JSON_STEPS)) return REDACTED;
  const value = parsed(json);
  if (value === undefined) return undefined;
  const own = { search, limits, left: limits.maxValues, placed: new Map() };
  const shown = redactValue(value, depth, "plain", own);
  if (shown === value) return undefined;
  // As it was laid out, where what its forms find is all that has to go.
  const scrubbed = scrubText(text, limits.maxText, REDACTED, search);
  const left = parsed(JSON_TEXT.exec(scrubbed)?.[1]);
  if (left !== undefined && redactValue(left, depth, "plain", own) === left) return scrubbed;
  return cutText(writeExact(shown), text.length, limits.maxText);
}

/** What is too long to look at whether it is JSON; the rest of a text is searched as far as it is shown. */
const ENDS_JSON = /[\]}]\s{0,20}(?:```\s{0,20})?$/;
const MAX_END = 50;

function parsed(json: string | undefined): Json | undefined {
  if (json === undefined) return undefined;
  try {
    return parseExact(json);
  } catch {
    return undefined;
  }
}

function redactList(all: readonly Json[], depth: number, kind: NameKind, budget: Budget, given?: Columns): Json {
  const items: Json[] = [];
  const { search } = budget;
  const words = typeof all[0] === "string" ? secretArguments(all, undefined, REDACTED, search) : undefined;
  const placed = budget.placed.get(all);
  const isTable = Array.isArray(all[0]);
  const head = isTable && given === undefined ? headOf(all, search) : undefined;
  const cards = cardsAcross(all, budget.limits.maxEntries, search);
  let changed = false;
  // `["DB_PASSWORD", "…"]`, `["--password", "…"]`: what follows the name of a secret is the secret.
  const hasNames = given !== NO_COLUMNS;
  let named = false;
  for (const own of all) {
    const index = items.length;
    const item = placed?.get(index) ?? words?.get(index) ?? own;
    if (items.length >= budget.limits.maxEntries || budget.left <= 0) {
      items.push(`[${all.length - items.length} more]`);
      return items;
    }
    // `["password", "=", "…"]`
    if (named && typeof item === "string" && OPERATOR.test(item)) {
      items.push(item);
      continue;
    }
    const isSecret: boolean =
      (named && isText(item)) || cards?.has(index) === true || (!isTable && given?.has(index) === true);
    const columns = isTable ? (given ?? (index > 0 ? head : undefined)) : undefined;
    const redacted = isSecret && isSubstance(item) ? REDACTED : redactValue(item, depth - 1, kind, budget, columns);
    named = hasNames && !isSecret && isOneWord(item) && kindOfText(item, search) === "secret";
    changed ||= redacted !== own;
    items.push(redacted);
  }
  return changed ? items : all;
}

function redactObject(value: JsonObject, depth: number, within: NameKind, budget: Budget): JsonObject {
  const keys = Object.keys(value);
  const members: [string, Json][] = [];
  let changed = false;
  const names: Name[] = [];
  let holds = false;
  let heads = false;
  let given = false;
  let isUnread = false;
  const { search } = budget;
  for (const key of keys.length > MAX_NAMES ? keys.slice(0, MAX_NAMES) : keys) {
    const name = nameWithin(key, search);
    if (name === undefined) {
      isUnread = true;
      break;
    }
    holds ||= name.role === "holds" || name.role === "changes" || isKeys(name, value);
    heads ||= name.role === "heads" || (name.role === "names" && Array.isArray(value[key]));
    given ||= name.part === "given";
    names.push(name);
  }
  const beside = holds ? kindBeside(value, names, search) : NOTHING_BESIDE;
  const columns = heads ? columnsBeside(value, names, search) : undefined;
  if (given && !isUnread) placeGiven(value, names, budget.placed, REDACTED, search);
  const placed = budget.placed.get(value);
  for (const key of keys) {
    if (members.length >= budget.limits.maxEntries || budget.left <= 0) {
      members.push(["[more]", keys.length - members.length]);
      return Object.fromEntries(members);
    }
    const member = placed?.get(key) ?? value[key];
    const name = names[members.length];
    const role = name !== undefined && isKeys(name, value) ? "changes" : name?.role;
    const isSecret = isUnread || (key === "key" && isKeyBeside(value, search));
    const own = isSecret ? "secret" : kindWithin(name?.kind ?? "plain", key, within);
    const kind = own === "plain" && (role === "holds" || role === "changes") ? beside[role] : own;
    const shownKey = scrubText(key, MAX_KEY, REDACTED, search);
    const number = numberIn(member);
    const shown =
      kind === "secret" && isSubstance(member) && !(number !== undefined && isTokenCount(key, String(number)))
        ? REDACTED
        : redactValue(member, depth - 1, kind, budget, columnsOf(role, columns));
    changed ||= shownKey !== key || shown !== value[key];
    members.push([shownKey, shown]);
  }
  return changed ? Object.fromEntries(members) : value;
}

/** Of a list of topics, and of a path, no item says what the next one is. */
const NO_COLUMNS: Columns = new Set();

function columnsOf(role: Name["role"] | undefined, columns: Columns | undefined): Columns | undefined {
  if (role === "topics" || role === "place") return NO_COLUMNS;
  return role === "heads" ? undefined : columns;
}

/** `keys` are those that are pressed, where they are no list. */
function isKeys({ name, role }: Name, around: JsonObject): boolean {
  return role === "heads" && typeof around[name] === "string";
}

function isOneWord(value: Json): value is string {
  return typeof value === "string" && value.length <= MAX_NAME && ONE_WORD.test(value);
}

function isText(value: Json): boolean {
  return typeof value === "string" || numberIn(value) !== undefined;
}

/** Whether a value can be a secret at all: that there is none, or a yes or no, may be shown. */
function isSubstance(value: Json | undefined): boolean {
  return value !== undefined && value !== null && typeof value !== "boolean" && value !== "";
}
