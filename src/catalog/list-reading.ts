import type { JsonObject } from "../core/json.ts";
import type { ListKind } from "../mcp/messages.ts";
import { LIST_KEYS, type Repaired } from "./repair.ts";

/** What clients could not have read in one list of an upstream, as it was read last. */
export interface ListFaults {
  /** How many items. */
  readonly count: number;
  /** The first of them. */
  readonly items: readonly ItemFault[];
}

/** One item that is not offered, or not as its server gives it. */
export interface ItemFault {
  /** What its server calls it, cut; empty where it has no name. */
  readonly name: string;
  /** Otherwise it was repaired. */
  readonly leftOut: boolean;
  /** Why it was left out, or which of its members were repaired or left out. */
  readonly why: string;
}

/** Items of one list that are noted. */
const MAX_NOTED = 10;
const MAX_NAME = 128;

/** Stands for an item that is no object. */
export const NO_OBJECT: Repaired = { item: {}, repairs: [] };

/** Reads the items of a list, one with each step: those that clients can use, each name once, and what is wrong with others. */
export function createListReading<Entry>(options: {
  readonly kind: ListKind;
  readonly items: readonly Repaired[];
  readonly read: (
    item: Repaired,
    index: number,
  ) => { readonly ok: true; readonly entry: Entry } | { readonly ok: false; readonly reason: string };
  readonly keyOf: (entry: Entry) => string;
  /** Whether the operator wants it to be seen. */
  readonly shows: (key: string) => boolean;
}) {
  const { kind, items, read, keyOf, shows } = options;
  const entries = new Map<string, Entry>();
  const noted: ItemFault[] = [];
  let count = 0;
  let at = 0;

  const note = (item: JsonObject, leftOut: boolean, why: string): void => {
    if (++count > MAX_NOTED) return;
    const name = item[LIST_KEYS[kind]];
    noted.push({ name: typeof name === "string" ? name.slice(0, MAX_NAME) : "", leftOut, why });
  };
  /** Takes one; otherwise says why it is left out. */
  const take = (repaired: Repaired, index: number): string | undefined => {
    if (repaired === NO_OBJECT) return "it is no object";
    const reading = read(repaired, index);
    if (!reading.ok) return reading.reason;
    const key = keyOf(reading.entry);
    if (!shows(key)) return undefined;
    if (entries.has(key)) return `one before it has the same ${LIST_KEYS[kind]}`;
    entries.set(key, reading.entry);
    if (repaired.repairs.length > 0) note(repaired.item, false, repaired.repairs.join(", "));
    return undefined;
  };

  return {
    /** Whether there was one more. */
    step(): boolean {
      const item = items[at];
      if (item === undefined) return false;
      const reason = take(item, at++);
      if (reason !== undefined) note(item.item, true, reason);
      return true;
    },
    entries: (): readonly Entry[] => [...entries.values()],
    /** `undefined` where there are none. */
    faults: (): ListFaults | undefined => (count === 0 ? undefined : { count, items: noted }),
  };
}
