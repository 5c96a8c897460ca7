import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { AmbiguousDefault, VALUE_LIMITS } from "../inputs/json-values.ts";
import { NotRecorded, Shortened } from "../inputs/recorded-values.ts";
import type { Work } from "../step-budget/work.ts";
import type { ArgumentsPlan, DefaultsPlan } from "./plan.ts";
import type { PlaceDefault } from "./schema-places.ts";

/** Arguments with defaults in the places that were left empty. */
export interface FilledArguments {
  readonly arguments: JsonObject;
  /** The places, as `args.amount`; at most a few of them. Names only, and only such as the schema has. */
  readonly places: readonly string[];
}

const MAX_PLACES = 8;

/** As many places are tried in every combination. */
const MAX_COMBINED = 3;

const THE_WHOLE = "args";

/**
 * Puts defaults where the arguments have nothing; nothing if they have everything. Which of those that hang on something
 * else a server puts nobody can tell: after the arguments with all of them come others with some. The arguments stay as they
 * are. What is looked at counts as `work`, and nothing more is looked at beyond its limit. @throws never
 */
export function* fillDefaults(args: JsonObject, plan: ArgumentsPlan, work: Work): Generator<FilledArguments> {
  const perhaps = new Set<string>();
  const all = fillOnce(args, plan, work, perhaps, new Set());
  if (all === undefined) return;
  yield all;
  for (const without of choicesOf([...perhaps])) {
    const some = fillOnce(args, plan, work, new Set(), without);
    if (some !== undefined) yield some;
  }
}

// Each combination where they are few; of many each alone, and all but each.
function* choicesOf(perhaps: readonly string[]): Generator<ReadonlySet<string>> {
  if (perhaps.length <= MAX_COMBINED) {
    for (let bits = 1; bits < 2 ** perhaps.length; bits++)
      yield new Set(perhaps.filter((_, at) => Math.floor(bits / 2 ** at) % 2 === 1));
    return;
  }
  yield new Set(perhaps);
  for (const one of perhaps) {
    yield new Set([one]);
    yield new Set(perhaps.filter((other) => other !== one));
  }
}

function fillOnce(
  args: JsonObject,
  plan: ArgumentsPlan,
  work: Work,
  perhaps: Set<string>,
  without: ReadonlySet<string>,
): FilledArguments | undefined {
  const filling: Filling = { places: [], work, perhaps, without };
  const whole = plan.whole.size > 0 && Object.keys(args).length === 0 ? wholeOf(plan, filling) : args;
  const filled = fill(whole, plan, "args", filling);
  const { places } = filling;
  // Filled in part: whatever is evaluated with it fails by the same limit.
  if (work.excessOfDecision !== undefined) return { arguments: args, places };
  return filled === args || !isObject(filled) ? undefined : { arguments: filled, places };
}

interface Filling {
  readonly places: string[];
  readonly work: Work;
  /** Gets the places whose default hangs on something else. */
  readonly perhaps: Set<string>;
  /** Such places that stay empty. */
  readonly without: ReadonlySet<string>;
}

function wholeOf({ whole }: ArgumentsPlan, filling: Filling): JsonObject {
  filling.work.note(whole.size);
  filling.perhaps.add(THE_WHOLE);
  if (filling.without.has(THE_WHOLE)) return {};
  for (const name of whole.keys()) noteAt(`args.${name}`, filling);
  return Object.fromEntries(whole);
}

function noteAt(place: string, { places }: Filling): void {
  if (places.length < MAX_PLACES && !places.includes(place)) places.push(place);
}

/** Whether the place gets its default this time. */
function gets({ certain }: PlaceDefault, place: string, { perhaps, without }: Filling): boolean {
  if (!certain) perhaps.add(place);
  return certain || !without.has(place);
}

function fill(value: Json, plan: DefaultsPlan, path: string, filling: Filling): Json {
  // What a record lacks may have been in the call.
  if (value instanceof Shortened || value instanceof NotRecorded || filling.work.excessOfDecision !== undefined)
    return value;
  if (Array.isArray(value)) return fillList(value, plan, path, filling);
  return isObject(value) ? fillObject(value, plan, path, filling) : value;
}

function fillList(list: readonly Json[], plan: DefaultsPlan, path: string, filling: Filling): Json {
  const { items, positions } = plan;
  if (list.length > VALUE_LIMITS.maxItems) return list as Json;
  filling.work.note(list.length);
  const longer = positions.length > list.length ? lengthened(list, positions, path, filling) : list;
  const filled = items === undefined ? longer : longer.map((item) => fill(item, items, `${path}[]`, filling));
  return (filled.some((item, at) => item !== list[at]) ? filled : list) as Json;
}

function lengthened(
  list: readonly Json[],
  positions: DefaultsPlan["positions"],
  path: string,
  filling: Filling,
): readonly Json[] {
  filling.work.note(positions.length);
  const longer = [...list];
  for (const [at, known] of positions.entries()) {
    const place = `${path}[${at}]`;
    if (at < list.length || known === undefined || !gets(known, place, filling)) continue;
    // What stands between, nobody can tell.
    while (longer.length < at) longer.push(new AmbiguousDefault());
    longer.push(known.value);
    noteAt(place, filling);
  }
  return longer;
}

function fillObject(value: JsonObject, plan: DefaultsPlan, path: string, filling: Filling): Json {
  const { work } = filling;
  work.note(plan.fill.size + plan.members.size);
  let added: [string, Json][] | undefined;
  for (const [name, given] of plan.fill) {
    if (Object.hasOwn(value, name) && value[name] !== undefined) continue;
    const place = `${path}.${name}`;
    if (!gets(given, place, filling)) continue;
    added ??= [];
    added.push([name, given.value]);
    noteAt(place, filling);
  }
  if (added !== undefined) work.note(Object.keys(value).length);
  const whole = added === undefined ? value : Object.fromEntries([...Object.entries(value), ...added]);
  let filled: JsonObject | undefined;
  for (const [name, below, place] of plansBelow(whole, plan, path, work)) {
    const now = filled ?? whole;
    const member = Object.hasOwn(now, name) ? now[name] : undefined;
    if (member === undefined) continue;
    const after = fill(member, below, place, filling);
    if (after === member) continue;
    filled ??= { ...whole };
    Object.defineProperty(filled, name, { value: after, enumerable: true, configurable: true, writable: true });
  }
  return filled ?? whole;
}

function* plansBelow(
  value: JsonObject,
  { members, others }: DefaultsPlan,
  path: string,
  work: Work,
): Generator<readonly [name: string, plan: DefaultsPlan, path: string]> {
  for (const [name, below] of members) yield [name, below, `${path}.${name}`];
  if (others === undefined) return;
  const names = Object.keys(value);
  work.note(names.length);
  // The caller's own names are for no record.
  for (const name of names) if (!others.named.has(name)) yield [name, others.plan, `${path}[]`];
}
