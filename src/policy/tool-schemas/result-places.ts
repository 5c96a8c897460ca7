import { fold } from "../../core/fold.ts";
import type { PathQuestion, PathSelector, PathStep } from "../../redaction/path-steps.ts";
import type { ArgumentType } from "./argument-types.ts";

/** What is known of a place in a result; `undefined`: it can be anything. */
type Place = ArgumentType | undefined;

/** What a path of a redaction can find in results of this type. */
export interface PathReach {
  readonly findsNothing: boolean;
  /** Paths in its filters that are reached, and whether they find nothing, by their text. */
  readonly questions: ReadonlyMap<string, boolean>;
}

// A schema may refer to itself, and then its values are of any depth.
const MAX_PLACES = 500;

/**
 * What the steps of a path can name in a result. Names are compared folded, as redactions do. What cannot be told is taken
 * to be found. @throws never
 */
export function reachOf(steps: readonly PathStep[], type: Place): PathReach {
  const questions = new Map<string, boolean>();
  const see = (found: readonly Place[], selector: PathSelector): void => {
    if (selector.kind !== "filter") return;
    for (const question of selector.reads) {
      const answered = answer(question, found);
      const before = questions.get(question.text);
      if (found.length > 0) questions.set(question.text, answered.length === 0 && before !== false);
    }
  };
  const answer = ({ isOfRoot, steps: inner }: PathQuestion, found: readonly Place[]): readonly Place[] =>
    walk(isOfRoot ? [type] : found, inner, see);
  return { findsNothing: walk([type], steps, see).length === 0, questions };
}

/** Whether a path finds nothing in any result. @throws never */
export function findsNothingAnywhere(steps: readonly PathStep[]): boolean {
  return reachOf(steps, undefined).findsNothing;
}

type SeeFilter = (found: readonly Place[], selector: PathSelector) => void;

function walk(from: readonly Place[], steps: readonly PathStep[], see: SeeFilter): readonly Place[] {
  let places = from;
  for (const { descends, selectors } of steps) {
    const bases = descends ? withDescendants(places) : places;
    const named = new Set<Place>();
    for (const selector of selectors) {
      const found = bases.flatMap((place) => namedIn(place, selector));
      see(found, selector);
      for (const place of found) named.add(place);
    }
    places = named.size > MAX_PLACES ? [undefined] : [...named];
  }
  return places;
}

function withDescendants(places: readonly Place[]): readonly Place[] {
  const all = new Set(places);
  for (const place of all) {
    if (place === undefined || all.size > MAX_PLACES) return [undefined];
    for (const below of everyIn(place)) all.add(below);
  }
  return [...all];
}

function namedIn(place: Place, selector: PathSelector): readonly Place[] {
  switch (selector.kind) {
    case "name":
      return membersNamed(place, selector.name);
    case "index": {
      const { index } = selector;
      return itemsIn(place, (most) => (index < 0 ? -index : index + 1) <= most);
    }
    case "slice":
      return itemsIn(place, (most) => mayTake(selector, most));
    case "every":
    case "filter":
      return everyIn(place);
    default:
      return selector satisfies never;
  }
}

function membersNamed(place: Place, name: string): readonly Place[] {
  if (place === undefined) return [undefined];
  if (place.kinds?.has("object") === false) return [];
  const form = fold(name);
  const alike = new Set([name, ...place.names.filter((it) => fold(it) === form)]);
  return [...alike].flatMap((it) => {
    const { presence, type } = place.member(it);
    return presence === "absent" ? [] : [type];
  });
}

// `takes` says whether anything is taken of a list of at most so many items.
function itemsIn(place: Place, takes: (most: number) => boolean): readonly Place[] {
  if (place?.kinds?.has("array") === false) return [];
  const isList = place?.kinds?.size === 1;
  return takes(isList ? place.size.high : Number.POSITIVE_INFINITY) ? [place?.item()] : [];
}

function everyIn(place: Place): readonly Place[] {
  if (place === undefined) return [undefined];
  const isObject = place.kinds?.has("object") !== false;
  const members = isObject ? place.names.flatMap((name) => membersNamed(place, name)) : [];
  const others = isObject && place.hasOthers() ? [undefined] : [];
  return [...members, ...others, ...itemsIn(place, (most) => most > 0)];
}

/** Whether a slice takes anything of a list of at most so many items. RFC 9535 §2.3.4 */
function mayTake({ start, stop, by }: Extract<PathSelector, { kind: "slice" }>, most: number): boolean {
  if (by === 0 || most <= 0) return false;
  // Nothing stands before the first item, or, backwards, behind the last.
  if (stop === (by > 0 ? 0 : -1)) return false;
  const first = start ?? (by > 0 ? 0 : most - 1);
  if (by > 0 && first >= most) return false;
  if (stop === undefined || first >= 0 !== stop >= 0) return true;
  return by > 0 ? first < stop : first > stop;
}
