import { isObject, type Json } from "../../core/json.ts";
import { AmbiguousDefault, VALUE_LIMITS } from "../inputs/json-values.ts";
import type { ArgumentPath } from "../syntax/argument-paths.ts";
import type { PlaceDefault, SchemaPlace } from "./schema-places.ts";

/** What a tool's schema puts where a call leaves something out, as far as one condition reads it. */
export interface DefaultsPlan {
  /** By the names of members that the schema has a default for. */
  readonly fill: Map<string, PlaceDefault>;
  readonly members: Map<string, DefaultsPlan>;
  /** Of every member that the schema does not name. */
  others: { readonly plan: DefaultsPlan; readonly named: ReadonlySet<string> } | undefined;
  /** Of every item of a list. */
  items: DefaultsPlan | undefined;
  /** What stands at the beginning of a list where it is shorter. */
  positions: readonly (PlaceDefault | undefined)[];
}

/** The same of the arguments as a whole. */
export interface ArgumentsPlan extends DefaultsPlan {
  /** What the arguments are where a call has none at all. */
  readonly whole: ReadonlyMap<string, Json>;
}

const MAX_LOOKS = 20_000;

/** Schemas below what is read as a whole; those nearest to it count. */
const MAX_BELOW = 2048;

/** Whether `default` stands anywhere in a schema; `true` for one that is too large to look through. @throws never */
export function mayHaveDefaults(schema: Json | undefined): boolean {
  const waiting: Json[] = schema === undefined ? [] : [schema];
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const next = waiting.pop();
    if (next === undefined) return false;
    if (typeof next !== "object" || next === null) continue;
    if (isObject(next) && Object.hasOwn(next, "default")) return true;
    const below: readonly (Json | undefined)[] = Object.values(next);
    if (below.length > MAX_LOOKS) return true;
    for (const value of below) if (typeof value === "object" && value !== null) waiting.push(value);
  }
  return true;
}

/**
 * Finds which defaults of an `inputSchema` bear on a condition that reads the values at `paths`, each with all that is in
 * it: what a condition builds of a value can be read in any way. `undefined` if none does. JSON Schema 2020-12, validation §9.2
 */
export function planDefaults(schema: SchemaPlace, paths: readonly ArgumentPath[]): ArgumentsPlan | undefined {
  const root = emptyPlan();
  for (const path of paths) {
    let plan = root;
    let below: SchemaPlace | undefined = schema;
    let depth = 0;
    for (const step of path) {
      if (below === undefined) break;
      // A computed key may be any of them, and a number one of a list.
      if (step === null) planBelow(plan, below, depth);
      if (typeof step === "string") {
        planDefault(plan, step, below.member(step));
        below = below.member(step);
        plan = memberOf(plan, step);
      } else {
        plan.positions = positionsOf(below);
        below = below.item();
        plan = itemsOf(plan);
      }
      depth += 1;
    }
    if (below !== undefined) planBelow(plan, below, depth);
  }
  const whole = wholeOf(schema, paths);
  const plan = pruned(root);
  return plan === undefined && whole.size === 0 ? undefined : { ...(plan ?? root), whole };
}

/** Plans the defaults of everything in a value, as deep as conditions can read and the nearest first. */
function planBelow(plan: DefaultsPlan, place: SchemaPlace, depth: number): void {
  const waiting = [{ plan, place, depth }];
  let looks = 0;
  for (const { plan, place, depth } of waiting) {
    const add = (below: DefaultsPlan, next: SchemaPlace | undefined): void => {
      looks += 1;
      if (next !== undefined && depth < VALUE_LIMITS.maxDepth)
        waiting.push({ plan: below, place: next, depth: depth + 1 });
    };
    const names = place.names();
    for (const name of names.slice(0, MAX_BELOW - looks)) {
      const member = place.member(name);
      planDefault(plan, name, member);
      add(memberOf(plan, name), member);
    }
    if (looks >= MAX_BELOW) return;
    plan.positions = positionsOf(place);
    add(itemsOf(plan), place.item());
    const others = place.others();
    if (others === undefined) continue;
    plan.others ??= { plan: emptyPlan(), named: new Set(names) };
    add(plan.others.plan, others);
  }
}

function planDefault({ fill }: DefaultsPlan, name: string, place: SchemaPlace | undefined): void {
  const known = defaultOf(place);
  if (known !== undefined) fill.set(name, known);
}

function defaultOf(place: SchemaPlace | undefined): PlaceDefault | undefined {
  const [first, ...more] = place?.defaults ?? [];
  if (first === undefined || more.length === 0) return first;
  return { value: new AmbiguousDefault(), certain: first.certain || more.some(({ certain }) => certain) };
}

function positionsOf(place: SchemaPlace): readonly (PlaceDefault | undefined)[] {
  const all = place.positions().map(defaultOf);
  return all.some((known) => known !== undefined) ? all : [];
}

// Only what a condition reads: the default of the whole may hold anything.
function wholeOf(schema: SchemaPlace, paths: readonly ArgumentPath[]): ReadonlyMap<string, Json> {
  const whole = new Map<string, Json>();
  const defaults = schema.defaults.map(({ value }) => value).filter(isObject);
  for (const known of defaults) {
    const all = paths.some(([first]) => typeof first !== "string");
    const read = all
      ? Object.keys(known).slice(0, MAX_BELOW)
      : paths.flatMap(([first]) => (typeof first === "string" ? [first] : []));
    for (const name of read) {
      const value = Object.hasOwn(known, name) ? known[name] : undefined;
      if (value !== undefined) whole.set(name, defaults.length === 1 ? value : new AmbiguousDefault());
    }
  }
  return whole;
}

// Most steps of a path lead to no default: a call must not look there.
function pruned(plan: DefaultsPlan): DefaultsPlan | undefined {
  for (const [name, below] of plan.members) if (pruned(below) === undefined) plan.members.delete(name);
  if (plan.others !== undefined && pruned(plan.others.plan) === undefined) plan.others = undefined;
  plan.items &&= pruned(plan.items);
  const { fill, members, others, items, positions } = plan;
  const isEmpty = fill.size + members.size + positions.length === 0 && others === undefined && items === undefined;
  return isEmpty ? undefined : plan;
}

function emptyPlan(): DefaultsPlan {
  return { fill: new Map(), members: new Map(), others: undefined, items: undefined, positions: [] };
}

function memberOf({ members }: DefaultsPlan, name: string): DefaultsPlan {
  const plan = members.get(name) ?? emptyPlan();
  members.set(name, plan);
  return plan;
}

function itemsOf(plan: DefaultsPlan): DefaultsPlan {
  plan.items ??= emptyPlan();
  return plan.items;
}
