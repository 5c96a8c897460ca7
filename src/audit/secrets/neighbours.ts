import type { Json, JsonObject } from "../../core/json.ts";
import { isObject } from "../../core/json.ts";
import { findCards } from "../../redaction/detect/bank-numbers.ts";
import { createNameReader, type Name, type NameKind } from "./sensitive-names.ts";

/*
 * What stands beside a value and says what it is: a name in another member, the heading of its column, the rest of a
 * number in the next item.
 */

/** Pure as well: what it remembers changes no answer. Without that, reading names would be the dearest part. */
export const neighbourName: (name: string) => Name = createNameReader();

/** Has a word. Most ids have none, each is another, and reading a name for the first time is dear. */
const WORDY = /[A-Za-z]{2}|[^\x20-\x7e]/;

/** What a text that may be a name says. */
export function kindOfText(value: Json | undefined): NameKind {
  return typeof value === "string" && WORDY.test(value) ? neighbourName(value).kind : "plain";
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
export function kindBeside(value: JsonObject, names: readonly Name[]): Beside {
  let holds: NameKind = "plain";
  let changes: NameKind = "plain";
  for (const { name, role } of names) {
    if (role === "holds" || role === "changes" || role === "none") continue;
    const named = kindNamedBy(role, value[name], value);
    if (named === "plain") continue;
    if (holds !== "secret") holds = named;
    if (changes !== "secret" && (role === "names" || role === "asks") && isNameOnly(value[name])) changes = named;
  }
  return { holds, changes };
}

function kindNamedBy(role: Name["role"], value: Json | undefined, around: JsonObject): NameKind {
  if (isObject(value)) return role === "names" || role === "asks" ? kindNamedIn(value) : "plain";
  if (role === "names") return kindOfText(value);
  if (role === "flags") return value === true ? "secret" : "plain";
  if (role === "tells") return "secret";
  if (role === "asks") return isNameOnly(value) ? kindOfText(value) : "plain";
  // One word: an event of the type `password_reset` holds none.
  if (role === "types" && typeof value === "string" && /^(?:encrypted|secured?|secure_?string|sensitive)$/i.test(value))
    return "secret";
  if (role === "types") return typeof value === "string" && /^[a-z]+$/i.test(value) ? kindOfText(value) : "plain";
  // A path alone is a file's, whose name says little of what is in it.
  if (role !== "place") return "plain";
  if (Array.isArray(value)) return kindOfText(value.at(-1));
  return around["op"] === undefined ? "plain" : kindOfText(value);
}

/** `{"locator": {"label": "Password"}, "text": …}`. Of more members than name one it is no name. */
const MAX_NAMING = 6;

function kindNamedIn(value: JsonObject): NameKind {
  const keys = Object.keys(value);
  if (keys.length > MAX_NAMING) return "plain";
  const named = keys.find((key) => neighbourName(key).role === "names" && kindOfText(value[key]) === "secret");
  return named === undefined ? "plain" : "secret";
}

function isNameOnly(value: Json | undefined): boolean {
  return isObject(value) || (typeof value === "string" && NAME_ONLY.test(value));
}

/** Whether a `key` is itself the secret, by what it is called: `{"title": "Deploy key", "key": …}`. Not the key of an issue. */
export function isKeyBeside(value: JsonObject): boolean {
  const { key } = value;
  if (typeof key !== "string" || /^[A-Z][A-Z0-9]{1,9}-\d+$/.test(key)) return false;
  return [value["title"], value["name"], value["label"]].some(
    (called) => typeof called === "string" && /\bkey$/i.test(called) && kindOfText(called) === "secret",
  );
}

/** More columns than are shown. */
const MAX_COLUMNS = 100;

/** Characters of a list of columns that is one text. */
const MAX_HEADS = 2_000;

/** Columns of a table that hold secrets, counted from 0. */
export type Columns = ReadonlySet<number>;

function secretColumns(head: readonly Json[]): Columns | undefined {
  const secret = new Set<number>();
  for (const [index, item] of head.slice(0, MAX_COLUMNS).entries()) if (isSecretHeading(item)) secret.add(index);
  return secret.size === 0 ? undefined : secret;
}

// A text, or an object that holds a name.
function isSecretHeading(item: Json): boolean {
  if (!isObject(item)) return kindOfText(item) === "secret";
  return Object.entries(item).some(
    ([key, value]) => neighbourName(key).role === "names" && kindOfText(value) === "secret",
  );
}

/** The columns of the tables of an object whose headings stand in one of its lists: `{"columns": ["user", "password"], "rows": […]}`. */
export function columnsBeside(value: JsonObject, names: readonly Name[]): Columns | undefined {
  for (const { name, role } of names) {
    const head = value[name];
    if (role !== "heads" && role !== "names") continue;
    const list = role === "heads" && typeof head === "string" ? head.slice(0, MAX_HEADS).split(",") : head;
    const columns = Array.isArray(list) ? secretColumns(list) : undefined;
    if (columns !== undefined) return columns;
  }
  return undefined;
}

/** The columns of a list of rows by its first. A pair that begins with a secret's name is itself a name and its value. */
export function headOf(rows: readonly Json[]): Columns | undefined {
  const head: Json | undefined = rows[0];
  if (!Array.isArray(head)) return undefined;
  const columns = secretColumns(head);
  return head.length === 2 && columns?.has(1) !== true ? undefined : columns;
}

const PART = /^\d(?:[\d -]{0,17}\d)?$/;

/** Of the first `count` items those that together are the number of a card: `["4111", "1111", "1111", "1111"]`. */
export function cardsAcross(list: readonly Json[], count: number): ReadonlySet<number> | undefined {
  if (list.length < 2 || !list.some(isPart)) return undefined;
  const items = list.slice(0, count);
  const starts: number[] = [];
  let text = "";
  for (const item of items) {
    starts.push(text.length);
    // A letter parts what is no number, a space what is one.
    text += isPart(item) ? `${item} ` : "x ";
  }
  const found = findCards(text);
  if (found.length === 0) return undefined;
  const covers = (at: number): boolean => found.some(({ start, end }) => start <= at && at < end);
  return new Set(starts.flatMap((at, index) => (covers(at) ? [index] : [])));
}

// Numbers only in fours, as cards show them: a list of amounts or of scores is no card.
function isPart(item: Json): item is string | number {
  if (typeof item === "string") return item.length < 20 && item.charCodeAt(0) <= 0x39 && PART.test(item);
  return typeof item === "number" && item >= 1000 && item <= 9999 && Number.isInteger(item);
}
