import { ExactNumber } from "../core/exact-number.ts";
import type { Json } from "../core/json.ts";
import { holdsValues } from "../core/json.ts";

/** What a result may not exceed; beyond, nothing of it is given out. */
export const LIMITS = {
  /** Characters of all texts and keys. */
  maxCharacters: 16_000_000,
  /** Objects, lists, texts, numbers, … in all. */
  maxValues: 1_000_000,
  /** Objects and lists around a value. */
  maxDepth: 64,
  /** Values that paths may name. */
  maxPlaces: 200_000,
} as const;

/** The same for a message beside a result: it is searched in the thread that serves everybody. */
export const BESIDE_LIMITS = { ...LIMITS, maxCharacters: 65_536, maxValues: 4_000 } as const;

/** Counts values against the limits, over several of them. */
export interface SizeCounter {
  /** Adds `value`; says why it is too much, or `undefined`. @throws never */
  add(value: Json): string | undefined;
}

/** A tally that has counted nothing. */
export function createSizeCounter(limits: typeof LIMITS | typeof BESIDE_LIMITS = LIMITS): SizeCounter {
  let characters = 0;
  let values = 0;
  const add = (value: Json | undefined, depth: number): string | undefined => {
    if (++values > limits.maxValues) return `It has more than ${limits.maxValues} values.`;
    if (typeof value === "string") characters += value.length;
    if (value instanceof ExactNumber) characters += value.text.length;
    if (holdsValues(value)) {
      if (depth === limits.maxDepth) return `It is nested more than ${limits.maxDepth} levels deep.`;
      for (const [key, member] of Object.entries(value)) {
        if (!Array.isArray(value)) characters += key.length;
        const problem = add(member, depth + 1);
        if (problem !== undefined) return problem;
      }
    }
    return characters > limits.maxCharacters ? `It has more than ${limits.maxCharacters} characters.` : undefined;
  };
  return { add: (value) => add(value, 0) };
}
