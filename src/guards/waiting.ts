import type { Cancellation } from "../core/cancellation.ts";
import { personKey } from "../core/principal.ts";
import { Shares } from "../core/shares.ts";
import { type GuardQuestion, guardError } from "./guard.ts";
import type { GuardAnswer } from "./guards.ts";

/** Questions that one guard is asked at once; one person has half of them at most. */
const PLACES = 64;
/** And so many more of one person may wait. */
const MAX_WAITING = 64;

/** Asks outside, within a deadline that covers the waiting for a place, too. `ask` ends with `signal`. @throws what `ask` throws before */
export type DeadlineRun = (
  question: GuardQuestion,
  ask: (signal: AbortSignal) => Promise<GuardAnswer>,
) => Promise<GuardAnswer>;

/** Makes the places of one guard. */
export function createAskWithin(timeoutMs: number): DeadlineRun {
  const shares = new Shares(PLACES, MAX_WAITING);
  return async ({ input, cancellation }, ask) => {
    const holder = personKey(input.principal);
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(), timeoutMs);
    const takeBack = cancellation.onCancel(() => ended.abort());
    try {
      const place = await placeFor(shares, holder, ended.signal);
      if (place === "full") return guardError("Too many questions wait for it.");
      if (place === "ended") return endOf(cancellation);
      try {
        return await untilAborted(ask(ended.signal), ended.signal, () => endOf(cancellation));
      } finally {
        shares.give(holder);
      }
    } finally {
      clearTimeout(timer);
      takeBack();
      ended.abort();
    }
  };
}

function placeFor(shares: Shares, holder: string, signal: AbortSignal): Promise<"taken" | "full" | "ended"> {
  if (signal.aborted) return Promise.resolve("ended");
  if (shares.take(holder)) return Promise.resolve("taken");
  return new Promise((resolve) => {
    const abort = (): void => {
      leave?.();
      resolve("ended");
    };
    const leave = shares.wait(holder, () => {
      signal.removeEventListener("abort", abort);
      resolve("taken");
    });
    if (leave === undefined) resolve("full");
    else signal.addEventListener("abort", abort, { once: true });
  });
}

/** What is late goes on by itself until it has noticed, and nobody hears of it. */
async function untilAborted(
  work: Promise<GuardAnswer>,
  signal: AbortSignal,
  ended: () => GuardAnswer,
): Promise<GuardAnswer> {
  const abort = new Promise<GuardAnswer>((resolve) => {
    signal.addEventListener("abort", () => resolve(ended()), { once: true });
  });
  try {
    return await Promise.race([work, abort]);
  } catch (error) {
    if (signal.aborted) return ended();
    throw error;
  }
}

function endOf(cancellation: Cancellation): GuardAnswer {
  return guardError(cancellation.cancelled ? "The request was given up." : "It did not answer in time.");
}
