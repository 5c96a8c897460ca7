import type { Cancellation } from "./cancellation.ts";
import { Shares } from "./shares.ts";

/** How much is done at once, and how much may wait. */
export interface TurnLimits {
  /** People share them, so that one alone has half of them. */
  readonly places: number;
  /** Of one person, and of all. What waits holds nothing but what its request holds anyway. */
  readonly waitingOfOne: number;
  readonly waiting: number;
}

/** Whose work it is, and how long it may take. */
export interface TurnTerms {
  /** `personKey` of whose request it is. */
  readonly holder: string;
  /** From now on, the wait for a turn included. */
  readonly timeoutMs: number;
  readonly cancellation: Cancellation;
}

/** What became of it. */
export type TurnEnd<T> = { readonly kind: "done"; readonly value: T } | { readonly kind: "late" | "given_up" | "full" };

/** Work that requests wait for: so much of it at once, so much that waits, and each ends at its deadline or with its request. */
export class TimedTurns {
  readonly #shares: Shares;
  readonly #maxWaiting: number;
  #waiting = 0;

  constructor({ places, waitingOfOne, waiting }: TurnLimits) {
    this.#shares = new Shares(places, waitingOfOne);
    this.#maxWaiting = waiting;
  }

  /** Does it when it is its turn. It has to end with `signal`: until then its place is taken. @throws what `work` throws before that */
  async run<T>(
    { holder, timeoutMs, cancellation }: TurnTerms,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<TurnEnd<T>> {
    if (cancellation.cancelled) return { kind: "given_up" };
    const stop = new AbortController();
    let release = (): void => {};
    const ended = new Promise<TurnEnd<T>>((resolve) => {
      const end = (kind: "late" | "given_up"): void => {
        resolve({ kind });
        stop.abort();
      };
      const timer = setTimeout(() => end("late"), timeoutMs);
      const forget = cancellation.onCancel(() => end("given_up"));
      release = () => {
        clearTimeout(timer);
        forget();
      };
    });
    try {
      return await Promise.race([ended, this.#inTurn(holder, work, stop.signal)]);
    } finally {
      release();
    }
  }

  async #inTurn<T>(
    holder: string,
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<TurnEnd<T>> {
    const turn = await this.#turn(holder, signal);
    if (turn !== "taken") return { kind: turn };
    try {
      // It may be over since the place was given.
      return signal.aborted ? { kind: "given_up" } : { kind: "done", value: await work(signal) };
    } finally {
      this.#shares.give(holder);
    }
  }

  #turn(holder: string, signal: AbortSignal): Promise<"taken" | "given_up" | "full"> {
    if (this.#shares.take(holder)) return Promise.resolve("taken");
    if (this.#waiting >= this.#maxWaiting) return Promise.resolve("full");
    return new Promise((resolve) => {
      const gone = (): void => {
        this.#waiting -= 1;
        leave?.();
        resolve("given_up");
      };
      const leave = this.#shares.wait(holder, () => {
        this.#waiting -= 1;
        signal.removeEventListener("abort", gone);
        resolve("taken");
      });
      if (leave === undefined) {
        resolve("full");
        return;
      }
      this.#waiting += 1;
      signal.addEventListener("abort", gone, { once: true });
    });
  }
}
