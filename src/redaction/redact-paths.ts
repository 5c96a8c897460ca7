import { holdsValues, isObject, type Json } from "../core/json.ts";
import type { Location } from "./json-path.ts";
import { valueMark } from "./marks.ts";
import type { FoldedNames } from "./member-names.ts";
import type { TextSearch } from "./redact-text.ts";
import { type PathRedaction, type Replacement, stronger } from "./redaction.ts";

/** Places in a value, as a tree; a place that is taken out has no need of those in it. */
interface Place {
  how: Replacement | undefined;
  inner: Map<string | number, Place> | undefined;
}

/** What of `max` places is left over, and the value; `undefined` if the paths name more places than `max`. */
export type PathsApplied = { readonly value: Json; readonly left: number } | undefined;

/**
 * `value` without what the paths name, all of them found before anything is taken out. The very same value if they name
 * nothing. @throws never
 */
export function redactPaths(
  value: Json,
  paths: readonly PathRedaction[],
  max: number,
  names: FoldedNames,
  search: TextSearch,
): PathsApplied {
  const root: Place = { how: undefined, inner: undefined };
  let left = max;
  for (const path of paths) {
    const locations = path.path.locate(value, left, names);
    if (locations === undefined) return undefined;
    left -= locations.length;
    for (const location of locations) mark(root, location, path.with);
  }
  return { value: root.inner === undefined ? value : apply(value, root, search), left };
}

function mark(root: Place, location: Location, how: Replacement): void {
  let place = root;
  for (const step of location) {
    place.inner ??= new Map();
    let next = place.inner.get(step);
    if (next === undefined) {
      next = { how: undefined, inner: undefined };
      place.inner.set(step, next);
    }
    place = next;
  }
  place.how = stronger(place.how, how);
}

function apply(value: Json, place: Place, search: TextSearch): Json {
  if (isObject(value)) {
    let changed = false;
    const members: [string, Json][] = [];
    for (const [key, member] of Object.entries(value)) {
      if (member === undefined) continue;
      const kept = applyInner(member, place.inner?.get(key), search);
      changed ||= kept !== member;
      if (kept !== undefined) members.push([key, kept]);
    }
    return changed ? Object.fromEntries(members) : value;
  }
  if (!holdsValues(value)) return value;
  const items = value.map((item, index) => applyInner(item, place.inner?.get(index), search));
  if (items.every((item, index) => item === value[index])) return value;
  return items.filter((item) => item !== undefined);
}

/** What stays of a member or an item, or `undefined` if nothing does. */
function applyInner(value: Json, place: Place | undefined, search: TextSearch): Json | undefined {
  if (place === undefined) return value;
  if (place.how === undefined) return apply(value, place, search);
  const kept = place.how === "drop" ? undefined : valueMark(place.how, value, search.hash);
  if (kept !== value) search.count("path");
  return kept;
}
