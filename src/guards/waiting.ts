import { personKey } from "../core/principal.ts";
import { TimedTurns } from "../core/timed-turns.ts";
import { type GuardQuestion, guardError } from "./guard.ts";
import type { GuardAnswer } from "./guards.ts";

/** Asks outside, within a deadline that covers the waiting for a place, too. `ask` ends with `signal`. @throws what `ask` throws before */
export type DeadlineRun = (
  question: GuardQuestion,
  ask: (signal: AbortSignal) => Promise<GuardAnswer>,
) => Promise<GuardAnswer>;

/** Makes the places of one guard. */
export function createAskWithin(timeoutMs: number): DeadlineRun {
  const turns = new TimedTurns({ places: 64, waitingOfOne: 64, waiting: 1_024 });
  return async ({ input, cancellation }, ask) => {
    const end = await turns.run({ holder: personKey(input.principal), timeoutMs, cancellation }, ask);
    return end.kind === "done" ? end.value : guardError(ENDS[end.kind]);
  };
}

const ENDS = {
  late: "It did not answer in time.",
  given_up: "The request was given up.",
  full: "Too many questions wait for it.",
} as const;
