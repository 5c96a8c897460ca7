import type { Json, JsonObject } from "../../core/json.ts";
import { isObject } from "../../core/json.ts";
import { findCards } from "../../redaction/detect/bank-numbers.ts";
import { DIGIT_STEPS, type SearchBudget, spendSteps } from "./search-budget.ts";
import { createNameReader, MAX_NAME, type Name, type NameKind, stepsOfName } from "./sensitive-names.ts";

/*
 * What stands beside a value and says what it is: a name in another member, the heading of its column, the rest of a
 * number in the next item.
 */

/** Pure as well: what it remembers changes no answer. Without that, reading names would be the dearest part. */
export const neighbourName: (name: string) => Name = createNameReader();

/** Has a word. Most ids have none, each is another, and reading a name for the first time is dear. */
const WORDY = /[A-Za-z]{2}|[^\x20-\x7e]/;

/** The same within a budget: `undefined` where the name is too much for what is left. */
export function nameWithin(name: string, search: SearchBudget): Name | undefined {
  return spendSteps(search, stepsOfName(name)) ? neighbourName(name) : undefined;
}

/** What a text that may be a name says: that it is a secret's where it is too much for what is left of `search`. */
export function kindOfText(value: Json | undefined, search: SearchBudget): NameKind {
  if (typeof value !== "string") return "plain";
  const seen = value.slice(0, MAX_NAME);
  return WORDY.test(seen) ? (nameWithin(seen, search)?.kind ?? "secret") : "plain";
}

/** What the members of an object hold by a name beside them: those that hold a value, and those that change one. */
export interface Beside {
  readonly holds: NameKind;
  readonly changes: NameKind;
}

export const NOTHING_BESIDE: Beside = { holds: "plain", changes: "plain" };

/** A name and no sentence: `password`, `#password`, `Enter password:`. */
const NAME_ONLY = /^\S{1,60}(?:(?: \S{1,20}){0,2}:\s?)?$/;

/**
 * What the members of an object that hold a value hold, by the name in another member: `{"name": "DB_PASSWORD", "value": …}`,
 * `{"element": "Password field", "text": …}`, `{"op": "add", "path": "/password", "value": …}`, `{"kind": "Secret", "data": …}`,
 * `{"secret_name": "DEPLOY", "value": …}`, `{"expect": "Password:", "send": …}`, `{"field": "password", "to": …}`.
 */
export function kindBeside(value: JsonObject, names: readonly Name[], search: SearchBudget): Beside {
  let holds: NameKind = "plain";
  let changes: NameKind = "plain";
  for (const { name, role } of names) {
    if (role === "holds" || role === "changes" || role === "none") continue;
    const named = kindNamedBy(role, value, name, search);
    if (named === "plain") continue;
    if (holds !== "secret") holds = named;
    if (changes !== "secret" && (role === "names" || role === "asks") && isNameOnly(value[name])) changes = named;
  }
  return { holds, changes };
}

function kindNamedBy(role: Name["role"], around: JsonObject, name: string, search: SearchBudget): NameKind {
  const value = around[name];
  if (isObject(value)) return role === "names" || role === "asks" ? kindNamedIn(value, search) : "plain";
  if (role === "names") return kindOfText(value, search);
  if (role === "flags") return value === true ? "secret" : "plain";
  if (role === "tells") return "secret";
  if (role === "asks") return isNameOnly(value) ? kindOfText(value, search) : "plain";
  // One word: an event of the type `password_reset` holds none.
  if (role === "types" && typeof value === "string" && /^(?:encrypted|secured?|secure_?string|sensitive)$/i.test(value))
    return "secret";
  if (role === "types")
    return typeof value === "string" && /^[a-z]{1,80}$/i.test(value) ? kindOfText(value, search) : "plain";
  // A path alone is a file's, whose name says little of what is in it.
  if (role !== "place") return "plain";
  if (Array.isArray(value)) return kindOfText(value.at(-1), search);
  return around["op"] === undefined ? "plain" : kindOfText(value, search);
}

/** `{"locator": {"label": "Password"}, "text": …}`. Of more members than name one it is no name. */
const MAX_NAMING = 6;

function kindNamedIn(value: JsonObject, search: SearchBudget): NameKind {
  const keys = Object.keys(value);
  return keys.length <= MAX_NAMING && keys.some((key) => namesSecret(key, value[key], search)) ? "secret" : "plain";
}

function namesSecret(key: string, value: Json | undefined, search: SearchBudget): boolean {
  const name = nameWithin(key, search);
  return name === undefined || (name.role === "names" && kindOfText(value, search) === "secret");
}

function isNameOnly(value: Json | undefined): boolean {
  return isObject(value) || (typeof value === "string" && NAME_ONLY.test(value));
}

/** Whether a `key` is itself the secret, by what it is called: `{"title": "Deploy key", "key": …}`. Not the key of an issue. */
export function isKeyBeside(value: JsonObject, search: SearchBudget): boolean {
  const { key } = value;
  if (typeof key !== "string" || /^[A-Z][A-Z0-9]{1,9}-\d+$/.test(key)) return false;
  return [value["title"], value["name"], value["label"]].some(
    (called) =>
      typeof called === "string" &&
      called.length <= MAX_NAME &&
      /\bkey$/i.test(called) &&
      kindOfText(called, search) === "secret",
  );
}

/** More columns than are shown. */
const MAX_COLUMNS = 100;

/** Characters of a list of columns that is one text. */
const MAX_HEADS = 2_000;

/** Steps of a heading beside those of its name. */
const HEADING_STEPS = 5;

/** Columns of a table that hold secrets, counted from 0. */
export type Columns = Pick<ReadonlySet<number>, "has">;

/** Of a table whose headings are too much to read. */
const ALL_COLUMNS: Columns = { has: () => true };

function secretColumns(head: readonly Json[], search: SearchBudget): Columns | undefined {
  const secret = new Set<number>();
  for (const [index, item] of head.slice(0, MAX_COLUMNS).entries()) {
    if (!spendSteps(search, HEADING_STEPS)) return ALL_COLUMNS;
    if (isSecretHeading(item, search)) secret.add(index);
  }
  return secret.size === 0 ? undefined : secret;
}

// A text, or an object that holds a name.
function isSecretHeading(item: Json, search: SearchBudget): boolean {
  if (!isObject(item)) return kindOfText(item, search) === "secret";
  return Object.keys(item).some((key) => namesSecret(key, item[key], search));
}

/** The columns of the tables of an object whose headings stand in one of its lists: `{"columns": ["user", "password"], "rows": […]}`. */
export function columnsBeside(value: JsonObject, names: readonly Name[], search: SearchBudget): Columns | undefined {
  for (const { name, role } of names) {
    const head = value[name];
    if (role !== "heads" && role !== "names") continue;
    const list = role === "heads" && typeof head === "string" ? head.slice(0, MAX_HEADS).split(",") : head;
    const columns = Array.isArray(list) ? secretColumns(list, search) : undefined;
    if (columns !== undefined) return columns;
  }
  return undefined;
}

/** The columns of a list of rows by its first. A pair that begins with a secret's name is itself a name and its value. */
export function headOf(rows: readonly Json[], search: SearchBudget): Columns | undefined {
  const head: Json | undefined = rows[0];
  if (!Array.isArray(head)) return undefined;
  const columns = secretColumns(head, search);
  return head.length === 2 && columns?.has(1) !== true ? undefined : columns;
}

const PART = /^\d(?:[\d -]{0,17}\d)?$/;

/** Of the first `count` items those that together are the number of a card: `["4111", "1111", "1111", "1111"]`. */
export function cardsAcross(list: readonly Json[], count: number, search: SearchBudget): Columns | undefined {
  const items = list.slice(0, count);
  if (items.length < 2 || !items.some(isPart)) return undefined;
  const starts: number[] = [];
  let text = "";
  for (const item of items) {
    starts.push(text.length);
    // A letter parts what is no number, a space what is one.
    text += isPart(item) ? `${item} ` : "x ";
  }
  if (!spendSteps(search, text.length * DIGIT_STEPS)) return { has: (index) => isPart(items[index]) };
  const found = findCards(text);
  if (found.length === 0) return undefined;
  const covers = (at: number): boolean => found.some(({ start, end }) => start <= at && at < end);
  return new Set(starts.flatMap((at, index) => (covers(at) ? [index] : [])));
}

// Numbers only in fours, as cards show them: a list of amounts or of scores is no card.
function isPart(item: Json | undefined): item is string | number {
  if (typeof item === "string") return item.length < 20 && item.charCodeAt(0) <= 0x39 && PART.test(item);
  return typeof item === "number" && item >= 1000 && item <= 9999 && Number.isInteger(item);
}
