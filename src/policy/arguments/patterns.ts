import { createPatterns, type PatternLimits, type Patterns } from "../patterns/patterns.ts";

/** A pattern beyond these is as one that RE2 does not know. Names of members are short, and so is what they are told by. */
export const SCHEMA_PATTERNS: PatternLimits = {
  maxCharacters: 256,
  maxPatterns: 50,
  maxProgram: 10_000,
  maxMachine: 0,
};

const STEPS_PER_TEST = 4;

/** A character of a key costs as much for each instruction of the pattern; see `MATCHED` of conditions. */
const INSTRUCTIONS_PER_STEP = 8;

/**
 * The `patternProperties` of one tool's schema. They come from a server and the keys from a client, so compiling them is
 * bounded and holding keys against them is counted.
 */
export class SchemaPatterns {
  /** How many more steps there are for this call; below 0 nothing that was found counts. */
  left = 0;
  readonly #patterns: Patterns = createPatterns(SCHEMA_PATTERNS);

  /** Whether RE2 knows the pattern. */
  knows(pattern: string): boolean {
    return this.#patterns.add(pattern).ok;
  }

  /** Whether a key fits; one that is not known, or not looked at any more, could fit any. */
  mayFit(key: string, pattern: string): boolean {
    this.left -= STEPS_PER_TEST;
    if (this.left < 0 || !this.knows(pattern)) return true;
    this.left -= (key.length * this.#patterns.weight(pattern)) / INSTRUCTIONS_PER_STEP;
    return this.left < 0 || this.#patterns.test(key, pattern);
  }
}
