/**
 * The work that one copy may take: all that reads texts and names draws on it, so that a caller who fills them does not hold up
 * others. It is counted, not timed, so that equal calls give equal copies. A step is about 50 ns: what a character of a plain text takes.
 */
export interface SearchBudget {
  /** Steps that are left. */
  left: number;
}

/** A full one: 400,000 steps. */
export function createSearchBudget(): SearchBudget {
  return { left: 400_000 };
}

/** Steps of a character: of a text full of digits, … */
export const DIGIT_STEPS = 16;
/** … of one that speaks of secrets, … */
export const NAMED_STEPS = 20;
/** … and of one that is JSON. */
export const JSON_STEPS = 3;
/** Steps of a word of a command beside its characters; it is held against every known program. */
export const WORD_STEPS = 100;
/** Steps of one with blanks in it, which may be a command of its own. */
export const COMMAND_STEPS = 1_500;
/** Steps of a place of a statement: what stands before it is read. */
export const PLACE_STEPS = 400;

/**
 * Takes `steps` from what is left; `false`, and nothing is taken, where they are more. What is not read for that must be hidden;
 * something smaller may still fit. @throws never
 */
export function spendSteps(budget: SearchBudget, steps: number): boolean {
  if (steps > budget.left) return false;
  budget.left -= steps;
  return true;
}
