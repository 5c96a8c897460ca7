import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import type { ArgumentPath } from "../syntax/argument-paths.ts";
import type { Work } from "../work/work.ts";
import type { SchemaHints } from "./input-schema.ts";
import { AmbiguousDefault, VALUE_LIMITS } from "./json-values.ts";
import { NotRecorded, Shortened } from "./recorded-values.ts";

/** What a tool's schema puts where a call leaves something out, as far as one condition reads it. */
export interface DefaultsPlan {
  /** By the names of members that the schema has a default for. */
  readonly fill: Map<string, Json>;
  readonly members: Map<string, DefaultsPlan>;
  /** Of every item of a list. */
  items: DefaultsPlan | undefined;
}

/** Arguments with defaults in the places that were left empty. */
export interface FilledArguments {
  readonly arguments: JsonObject;
  /** The places, as `args.amount`; at most a few of them. Names only, and only such as the schema has. */
  readonly places: readonly string[];
}

const MAX_PLACES = 8;
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
 * it: what a condition builds of a value can be read in any way. `undefined` if none does. A default of null says that there need be nothing, and is none. JSON Schema 2020-12, validation §9.2
 */
export function planDefaults(hints: SchemaHints | undefined, paths: readonly ArgumentPath[]): DefaultsPlan | undefined {
  if (hints === undefined) return undefined;
  const root = emptyPlan();
  for (const path of paths) {
    let plan = root;
    let below: SchemaHints | undefined = hints;
    let depth = 0;
    for (const step of path) {
      if (below === undefined) break;
      // A computed key may be any of them.
      if (step === null && below.names().length > 0) planBelow(plan, below, depth);
      if (typeof step === "string") {
        planDefault(plan, step, below.member(step));
        below = below.member(step);
        plan = memberOf(plan, step);
      } else {
        below = below.item();
        plan = itemsOf(plan);
      }
      depth += 1;
    }
    if (below !== undefined) planBelow(plan, below, depth);
  }
  return pruned(root);
}

/** Plans the defaults of everything in a value, as deep as conditions can read and the nearest first. */
function planBelow(plan: DefaultsPlan, hints: SchemaHints, depth: number): void {
  const waiting = [{ plan, hints, depth }];
  let looks = 0;
  for (const { plan, hints, depth } of waiting) {
    const add = (below: DefaultsPlan, schema: SchemaHints | undefined): void => {
      looks += 1;
      if (schema !== undefined && depth < VALUE_LIMITS.maxDepth)
        waiting.push({ plan: below, hints: schema, depth: depth + 1 });
    };
    for (const name of hints.names().slice(0, MAX_BELOW - looks)) {
      const member = hints.member(name);
      planDefault(plan, name, member);
      add(memberOf(plan, name), member);
    }
    if (looks >= MAX_BELOW) return;
    add(itemsOf(plan), hints.item());
  }
}

function planDefault({ fill }: DefaultsPlan, name: string, member: SchemaHints | undefined): void {
  const [value, ...more] = member?.defaults ?? [];
  if (value !== undefined) fill.set(name, more.length === 0 ? value : new AmbiguousDefault());
}

// Most steps of a path lead to no default: a call must not look there.
function pruned(plan: DefaultsPlan): DefaultsPlan | undefined {
  for (const [name, below] of plan.members) if (pruned(below) === undefined) plan.members.delete(name);
  if (plan.items !== undefined) plan.items = pruned(plan.items);
  return plan.fill.size + plan.members.size > 0 || plan.items !== undefined ? plan : undefined;
}

function emptyPlan(): DefaultsPlan {
  return { fill: new Map(), members: new Map(), items: undefined };
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

/**
 * Puts defaults where the arguments have nothing; `undefined` if they have everything. The arguments stay as they are. What
 * is looked at counts as `work`, and nothing more is looked at beyond its limit. @throws never
 */
export function fillDefaults(args: JsonObject, plan: DefaultsPlan, work: Work): FilledArguments | undefined {
  const places: string[] = [];
  const filled = fill(args, plan, "args", { places, work });
  // Filled in part: whatever is evaluated with it fails by the same limit.
  if (work.excessOfDecision !== undefined) return { arguments: args, places };
  return filled === args || !isObject(filled) ? undefined : { arguments: filled, places };
}

interface Filling {
  readonly places: string[];
  readonly work: Work;
}

function fill(value: Json, plan: DefaultsPlan, path: string, filling: Filling): Json {
  const { places, work } = filling;
  // What a record lacks may have been in the call.
  if (value instanceof Shortened || value instanceof NotRecorded || work.excessOfDecision !== undefined) return value;
  if (Array.isArray(value)) {
    const { items } = plan;
    if (items === undefined || value.length > VALUE_LIMITS.maxItems) return value;
    const all: readonly Json[] = value;
    work.note(all.length);
    const filled = all.map((item) => fill(item, items, `${path}[]`, filling));
    return filled.some((item, at) => item !== all[at]) ? filled : value;
  }
  if (!isObject(value)) return value;
  work.note(plan.fill.size + plan.members.size);
  let added: [string, Json][] | undefined;
  for (const [name, given] of plan.fill) {
    if (Object.hasOwn(value, name) && value[name] !== undefined) continue;
    added ??= [];
    added.push([name, given]);
    const place = `${path}.${name}`;
    if (places.length < MAX_PLACES && !places.includes(place)) places.push(place);
  }
  if (added !== undefined) work.note(Object.keys(value).length);
  const whole = added === undefined ? value : Object.fromEntries([...Object.entries(value), ...added]);
  let filled: JsonObject | undefined;
  for (const [name, below] of plan.members) {
    const member = Object.hasOwn(whole, name) ? whole[name] : undefined;
    if (member === undefined) continue;
    const after = fill(member, below, `${path}.${name}`, filling);
    if (after === member) continue;
    filled ??= { ...whole };
    Object.defineProperty(filled, name, { value: after, enumerable: true, configurable: true, writable: true });
  }
  return filled ?? whole;
}
