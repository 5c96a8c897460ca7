import { RE2JS, RE2JSException } from "re2js";
import { makeMachine } from "./pattern-machine.ts";

/** The regular expressions of a policy set: RE2, so that no text can make one take more than linear time. */
export interface Patterns {
  /** Compiles a pattern once. The reason, without a full stop, if RE2 does not know it. */
  add(pattern: string): { readonly ok: true } | { readonly ok: false; readonly reason: string };
  /** Whether the pattern, added before, matches anywhere in `text`. */
  test(text: string, pattern: string): boolean;
  /**
   * What matching a pattern, added before, takes for each character of a text, in looks at one instruction of it: all of
   * them, or one where its machine was made as a whole. 0 if it was not added.
   */
  weight(pattern: string): number;
}

/** How much patterns of somebody else's may be: RE2 bounds what matching takes, and not what compiling does. */
export interface PatternLimits {
  /** Characters of one pattern. */
  readonly maxCharacters: number;
  /** How many of them: one that names classes of Unicode has few instructions, and takes long to compile all the same. */
  readonly maxPatterns: number;
  /** Instructions of all programs together, and what one pattern may come to by the repetitions that it writes out. */
  readonly maxProgram: number;
  /** How much making one pattern's machine ahead may take; 0 where texts are too few and too short for that. */
  readonly maxMachine: number;
}

/** The most instructions of one pattern in a policy. */
export const MAX_INSTRUCTIONS = 2_000;

/** For the patterns of whoever runs the gateway. */
const OWN: PatternLimits = {
  maxCharacters: Number.POSITIVE_INFINITY,
  maxPatterns: Number.POSITIVE_INFINITY,
  maxProgram: Number.POSITIVE_INFINITY,
  maxMachine: 300_000,
};

interface Compiled {
  readonly expression: RE2JS;
  readonly hasMachine: boolean;
}

type Refused = { readonly ok: false; readonly reason: string };

const TOO_LARGE = `it comes to more than ${MAX_INSTRUCTIONS} instructions; count fewer repetitions`;

/** Makes an empty collection; it grows by `add` alone, at load. */
export function createPatterns({ maxCharacters, maxPatterns, maxProgram, maxMachine }: PatternLimits = OWN): Patterns {
  const compiled = new Map<string, Compiled>();
  const refused = new Map<string, Refused>();
  let left = maxProgram;
  let tried = 0;
  const refuse = (pattern: string, size: number, reason: string): Refused => {
    // What was compiled for nothing has cost as much, and none is looked at twice.
    left -= size;
    const refusal = { ok: false, reason } as const;
    refused.set(pattern, refusal);
    return refusal;
  };
  return {
    add(pattern) {
      if (compiled.has(pattern)) return { ok: true };
      const before = refused.get(pattern);
      if (before !== undefined) return before;
      if (left <= 0 || tried >= maxPatterns || pattern.length > maxCharacters || writtenOut(pattern) > maxProgram) {
        return refuse(pattern, 0, "It is too large");
      }
      tried += 1;
      try {
        const expression = RE2JS.compile(pattern);
        const size = expression.programSize();
        if (size > MAX_INSTRUCTIONS) return refuse(pattern, size, TOO_LARGE);
        compiled.set(pattern, { expression, hasMachine: maxMachine > 0 && makeMachine(expression, maxMachine) });
        left -= size;
        return { ok: true };
      } catch (error) {
        if (error instanceof RE2JSException) {
          return refuse(pattern, writtenOut(pattern), error.message.replace(/\.$/, ""));
        }
        throw error;
      }
    },
    test(text, pattern) {
      const found = compiled.get(pattern);
      if (found === undefined) throw new Error("A pattern was not compiled at load.");
      // `find` never begins to make a machine.
      return found.hasMachine ? found.expression.test(text) : found.expression.matcher(text).find();
    },
    weight(pattern) {
      const found = compiled.get(pattern);
      if (found === undefined) return 0;
      return found.hasMachine ? 1 : found.expression.programSize();
    },
  };
}

/** At most how long a pattern is once its counted repetitions are written out, as if each stood in all others. */
function writtenOut(pattern: string): number {
  let times = pattern.length;
  for (const [, least = "", most = ""] of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    times *= Math.max(1, Number(least), Number(most));
  }
  return times;
}
