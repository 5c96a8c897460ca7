import { RE2JS, RE2JSException } from "re2js";

/** The regular expressions of a policy set: RE2, so that no text can make one take more than linear time. */
export interface Patterns {
  /** Compiles a pattern once. The reason, without a full stop, if RE2 does not know it. */
  add(pattern: string): { readonly ok: true } | { readonly ok: false; readonly reason: string };
  /** Whether the pattern, added before, matches anywhere in `text`. */
  test(text: string, pattern: string): boolean;
  /** The instructions of a pattern, added before: matching takes the longer, the more there are. 0 if it was not added. */
  size(pattern: string): number;
}

/** How much patterns of somebody else's may be: RE2 bounds what matching takes, and not what compiling does. */
export interface PatternLimits {
  /** Characters of one pattern. */
  readonly maxCharacters: number;
  /** How many of them: one that names classes of Unicode has few instructions, and takes long to compile all the same. */
  readonly maxPatterns: number;
  /** Instructions of all programs together, and what one pattern may come to by the repetitions that it writes out. */
  readonly maxProgram: number;
}

/**
 * The most instructions of one pattern in a policy. RE2 walks a text with a machine that it makes as it goes; for a larger
 * program that does not fit its memory, and each character then takes as long as the program is.
 */
export const MAX_INSTRUCTIONS = 2_000;

/** For the patterns of whoever runs the gateway. */
const OWN: PatternLimits = {
  maxCharacters: Number.POSITIVE_INFINITY,
  maxPatterns: Number.POSITIVE_INFINITY,
  maxProgram: Number.POSITIVE_INFINITY,
};

type Refused = { readonly ok: false; readonly reason: string };

const TOO_LARGE = `it comes to more than ${MAX_INSTRUCTIONS} instructions; count fewer repetitions`;

/** Makes an empty collection; it grows by `add` alone, at load. */
export function createPatterns({ maxCharacters, maxPatterns, maxProgram }: PatternLimits = OWN): Patterns {
  const compiled = new Map<string, RE2JS>();
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
        compiled.set(pattern, expression);
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
      const expression = compiled.get(pattern);
      if (expression === undefined) throw new Error("A pattern was not compiled at load.");
      return expression.test(text);
    },
    size(pattern) {
      return compiled.get(pattern)?.programSize() ?? 0;
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
