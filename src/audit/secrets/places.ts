import { holdsValues, isObject, type Json, type JsonObject } from "../../core/json.ts";
import type { Span } from "../../redaction/detect/span.ts";
import { withoutArguments } from "./commands.ts";
import { HINT } from "./names-in-text.ts";
import { kindOfText } from "./neighbours.ts";
import type { SearchBudget } from "./search-budget.ts";
import type { Name } from "./sensitive-names.ts";
import { insertedSecrets } from "./text-tables.ts";

/*
 * Statements and programs, and what they are given in another member: a prepared statement with a place for a password, and the
 * password among its parameters.
 */

/** Which places of a statement are for secrets: by position, counted from 0, and by name. */
interface Places {
  readonly positions: ReadonlySet<number>;
  readonly names: ReadonlySet<string>;
  /** Positions in all. Parameters beyond begin anew: of several rows. */
  readonly count: number;
}

const MAX_STATEMENT = 4_000;
/** Literals are skipped, and what a condition says of a type (`a::text`). */
const PLACE =
  /'(?:[^']|'')*'|::\w+|\?(\d{0,3})|[$:](\d{1,3})\b|[$:@](\w{1,60})|%s|%\((\w{1,60})\)s|\{\{\s{0,4}(\w{1,60})\s{0,4}\}\}/g;
/** What stands before a place that is compared with or assigned to a column, if need be through functions. */
const COLUMN =
  /([\w.]{1,60})["'\x60\]]?\s{0,8}(?:=|<>|!=|:|=>|\bi?like\b|\bin\b)\s{0,8}(?:[\w.]{0,40}\s?\((?:[^()]{0,80},)?\s{0,8}){0,3}$/i;
const SAID = /\b(password|secret|identified\s{1,8}by)\s{1,8}$/i;
const LOOK_BEHIND = 240;

/** Of each more than an object has; a caller may write a name in many ways. */
const MAX_MEMBERS = 4;
/** A place costs as much as so many characters of a text. */
const PLACE_COST = 100;

/**
 * Of the members of an object those in which what they are given was replaced by `mark`, because a statement or a program beside
 * them makes secrets of it. `search`: what several objects share; beyond, all that is given is hidden. @throws never
 */
export function withoutGiven(
  value: JsonObject,
  names: readonly Name[],
  mark: string,
  search: SearchBudget,
): ReadonlyMap<string, Json> {
  const shown = new Map<string, Json>();
  const members = names.filter(({ part }) => part === "given").slice(0, MAX_MEMBERS);
  const says = names.filter(
    ({ name, part }) => part !== undefined && part !== "given" && typeof value[name] === "string",
  );
  for (const { name, part } of says.slice(0, MAX_MEMBERS)) {
    const said = String(value[name]);
    const places = part === "program" ? undefined : placesOf(said, search);
    for (const member of members) {
      const before = shown.get(member.name) ?? value[member.name];
      let after = before;
      if (places !== undefined && holdsValues(before))
        after = search.named < 0 ? mark : withoutPlaced(before, places, mark, 0);
      if (part !== "statement" && isTexts(after)) after = withoutArguments(after, said, mark);
      if (after !== before && after !== undefined) shown.set(member.name, after);
    }
  }
  return shown;
}

/** Whether a list has nothing but texts. */
export function isTexts(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function placesOf(given: string, search: SearchBudget): Places | undefined {
  if (!(HINT.test(given) || /identified/i.test(given)) || !/[?$:@%{]/.test(given)) return undefined;
  const statement = given.slice(0, MAX_STATEMENT);
  search.named -= statement.length;
  const cells = insertedSecrets(statement);
  const positions = new Set<number>();
  const names = new Set<string>();
  let count = 0;
  PLACE.lastIndex = 0;
  for (let match = PLACE.exec(statement); match !== null; match = PLACE.exec(statement)) {
    const [whole, , numbered, ...named] = match;
    if (/^(?:'|::)/.test(whole)) continue;
    search.named -= PLACE_COST;
    if (search.named < 0) break;
    const number = match[1] === undefined || match[1] === "" ? numbered : match[1];
    const name = named.find((text) => text !== undefined);
    const position = name !== undefined ? -1 : number === undefined ? count++ : Number(number) - 1;
    if (number !== undefined) count = Math.max(count, Number(number));
    if (!isSecretPlace(statement, match.index, cells)) continue;
    if (name === undefined) positions.add(position);
    else names.add(name.toLowerCase());
  }
  return positions.size === 0 && names.size === 0 && search.named >= 0 ? undefined : { positions, names, count };
}

function isSecretPlace(statement: string, at: number, cells: readonly Span[]): boolean {
  if (cells.some(({ start, end }) => start <= at && at < end)) return true;
  const before = statement.slice(Math.max(0, at - LOOK_BEHIND), at);
  if (SAID.test(before)) return true;
  const column = COLUMN.exec(before)?.[1];
  return column !== undefined && kindOfText(column.slice(column.lastIndexOf(".") + 1)) === "secret";
}

/** How deep lists of rows and objects of parameters are looked into, and how many of each: more than are shown. */
const MAX_DEPTH = 3;
const MAX_GIVEN = 100;

function withoutPlaced(given: Json, places: Places, mark: string, depth: number): Json {
  if (depth > MAX_DEPTH || !holdsValues(given)) return given;
  if (isObject(given)) return withoutPlacedMembers(given, places, mark);
  const items: readonly Json[] = given;
  const { positions, count } = places;
  const shown = items.slice(0, MAX_GIVEN).map((item, index) => {
    if (holdsValues(item)) return withoutPlaced(item, places, mark, depth + 1);
    return positions.has(count === 0 ? index : index % count) ? mark : item;
  });
  return [...shown, ...items.slice(MAX_GIVEN)];
}

// An object of parameters, or one parameter with its name in a member.
function withoutPlacedMembers(given: JsonObject, { positions, names }: Places, mark: string): JsonObject {
  const keys = Object.keys(given).slice(0, MAX_GIVEN);
  const isName = (value: Json | undefined): boolean => typeof value === "string" && names.has(bare(value));
  const isOne = keys.some((key) => /name$|^key$/i.test(key) && isName(given[key]));
  const placed = keys.filter((key) => {
    if (names.has(bare(key)) || (/^\d{1,3}$/.test(key) && positions.has(Number(key) - 1))) return true;
    return isOne && !isName(given[key]);
  });
  if (placed.length === 0) return given;
  const shown = { ...given };
  for (const key of placed) Object.defineProperty(shown, key, { value: mark, enumerable: true });
  return shown;
}

function bare(name: string): string {
  return name.replace(/^[:@$]/, "").toLowerCase();
}
