import { holdsValues, isObject, type Json, type JsonObject } from "../../core/json.ts";
import { neighbourName } from "../names/neighbours.ts";
import { NAMED_STEPS, PLACE_STEPS, type SearchBudget, spendSteps } from "../names/search-budget.ts";
import type { Name } from "../names/sensitive-names.ts";
import { HINT } from "./assigned.ts";
import { secretArguments } from "./commands.ts";
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

/** What is to be shown in place of members of an object or items of a list, by what they are in. What is given is never copied. */
export type Placed = Map<JsonObject | readonly Json[], Map<string | number, string>>;

/**
 * Puts into `placed` what of the members of an object is a secret because a statement or a program beside them makes it one, with
 * `mark` for it. `search`: what several objects share; beyond, all that is given is hidden. @throws never
 */
export function placeGiven(
  value: JsonObject,
  names: readonly Name[],
  placed: Placed,
  mark: string,
  search: SearchBudget,
): void {
  const members = names.filter(({ part }) => part === "given").slice(0, MAX_MEMBERS);
  const says = names.filter(
    ({ name, part }) => part !== undefined && part !== "given" && typeof value[name] === "string",
  );
  for (const { name, part } of says.slice(0, MAX_MEMBERS)) {
    const said = String(value[name]);
    const places = part === "program" ? undefined : placesOf(said, search);
    for (const member of members) {
      const given = value[member.name];
      if (!holdsValues(given) || placed.get(value)?.has(member.name) === true) continue;
      if (places !== undefined && !(places !== "unread" && placeIn(given, places, placed, mark, search)))
        put(placed, value, member.name, mark);
      if (part !== "statement" && !isObject(given))
        for (const [at, word] of secretArguments(given, said, mark, search)) put(placed, given, at, word);
    }
  }
}

/** Puts `shown` in the place of a member or an item; of two the shorter, which shows less. */
function put(placed: Placed, around: JsonObject | readonly Json[], at: string | number, shown: string): void {
  let own = placed.get(around);
  if (own === undefined) {
    own = new Map();
    placed.set(around, own);
  }
  const before = own.get(at);
  if (before === undefined || shown.length < before.length) own.set(at, shown);
}

/** More items of a list than are shown. */
const MAX_GIVEN = 100;

function placesOf(given: string, search: SearchBudget): Places | "unread" | undefined {
  const statement = given.slice(0, MAX_STATEMENT);
  if (!spendSteps(search, statement.length)) return "unread";
  if (!(HINT.test(statement) || /identified/i.test(statement)) || !/[?$:@%{]/.test(statement)) return undefined;
  if (!spendSteps(search, statement.length * NAMED_STEPS)) return "unread";
  const cells = insertedSecrets(statement);
  const positions = new Set<number>();
  const names = new Set<string>();
  let count = 0;
  let cell = 0;
  PLACE.lastIndex = 0;
  for (let match = PLACE.exec(statement); match !== null; match = PLACE.exec(statement)) {
    const [whole, , numbered, ...named] = match;
    if (/^(?:'|::)/.test(whole)) continue;
    if (!spendSteps(search, PLACE_STEPS)) return "unread";
    const number = match[1] === undefined || match[1] === "" ? numbered : match[1];
    const name = named.find((text) => text !== undefined);
    const position = name !== undefined ? -1 : number === undefined ? count++ : Number(number) - 1;
    if (number !== undefined) count = Math.max(count, Number(number));
    // Both come in the order in which they stand.
    while ((cells[cell]?.end ?? statement.length) <= match.index) cell++;
    if (!((cells[cell]?.start ?? statement.length) <= match.index || isSecretPlace(statement, match.index))) continue;
    if (name === undefined) positions.add(position);
    else names.add(name.toLowerCase());
  }
  return positions.size === 0 && names.size === 0 ? undefined : { positions, names, count };
}

function isSecretPlace(statement: string, at: number): boolean {
  const before = statement.slice(Math.max(0, at - LOOK_BEHIND), at);
  if (SAID.test(before)) return true;
  const column = COLUMN.exec(before)?.[1];
  return column !== undefined && neighbourName(column.slice(column.lastIndexOf(".") + 1)).kind === "secret";
}

/** How deep lists of rows and objects of parameters are looked into. */
const MAX_DEPTH = 3;
/** Steps of a member whose name is listed, and … */
const KEY_STEPS = 4;
/** … of one that is compared with the names of places. */
const MEMBER_STEPS = 8;

/** Puts what the places say is secret; `false` where it is too much to look at. */
function placeIn(
  given: JsonObject | readonly Json[],
  places: Places,
  placed: Placed,
  mark: string,
  search: SearchBudget,
  depth = 0,
): boolean {
  if (depth > MAX_DEPTH) return true;
  if (isObject(given)) return placeInMembers(given, places, placed, mark, search);
  const { positions, count } = places;
  const items = given.slice(0, MAX_GIVEN);
  if (!spendSteps(search, items.length)) return false;
  return items.every((item, index) => {
    if (holdsValues(item)) return placeIn(item, places, placed, mark, search, depth + 1);
    if (positions.has(count === 0 ? index : index % count)) put(placed, given, index, mark);
    return true;
  });
}

// An object of parameters, or one parameter with its name in a member.
function placeInMembers(
  given: JsonObject,
  { positions, names }: Places,
  placed: Placed,
  mark: string,
  search: SearchBudget,
): boolean {
  const all = Object.keys(given);
  const keys = all.slice(0, MAX_GIVEN);
  if (!spendSteps(search, all.length * KEY_STEPS + keys.length * MEMBER_STEPS)) return false;
  const isName = (value: Json | undefined): boolean => typeof value === "string" && names.has(bare(value));
  const isOne = keys.some((key) => /name$|^key$/i.test(key.slice(-MAX_BARE)) && isName(given[key]));
  for (const key of keys) {
    const isPlaced = names.has(bare(key)) || (/^\d{1,3}$/.test(key) && positions.has(Number(key) - 1));
    if (isPlaced || (isOne && !isName(given[key]))) put(placed, given, key, mark);
  }
  return true;
}

/** More than the name of a place has. */
const MAX_BARE = 80;

function bare(name: string): string {
  return name
    .slice(0, MAX_BARE)
    .replace(/^[:@$]/, "")
    .toLowerCase();
}
