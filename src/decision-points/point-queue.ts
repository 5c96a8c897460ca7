import type { Cancellation } from "../core/cancellation.ts";
import { Shares } from "../core/shares.ts";
import type { PointAnswer } from "./decision-points.ts";
import { pointError } from "./read-answer.ts";

/** Questions to one point at once; people share them, so that one alone has half of them. */
export const MAX_AT_ONCE = 32;
/** Of one person, and of all, that wait for their turn. They hold nothing but what their request holds anyway. */
const MAX_WAITING_OF_ONE = 64;
const MAX_WAITING = 1_024;

/** Puts a question while `signal` lasts. It makes what it sends only then. @throws never */
export type PointQuestion = (signal: AbortSignal) => Promise<PointAnswer>;

/** Who asks, and for how long. */
export interface QuestionTerms {
  /** `personKey` of whose request it is. */
  readonly holder: string;
  /** From now on, the wait for a turn included. */
  readonly timeoutMs: number;
  readonly cancellation: Cancellation;
}

/** The questions to one point: so many at once, so many that wait, and each ends at its deadline or with its request. */
export class PointQueue {
  readonly #shares = new Shares(MAX_AT_ONCE, MAX_WAITING_OF_ONE);
  #waiting = 0;

  /** Puts a question when it is its turn. @throws never */
  async put({ holder, timeoutMs, cancellation }: QuestionTerms, question: PointQuestion): Promise<PointAnswer> {
    if (cancellation.cancelled) return GIVEN_UP;
    const stop = new AbortController();
    let release = (): void => {};
    const ended = new Promise<PointAnswer>((resolve) => {
      const end = (answer: PointAnswer) => {
        resolve(answer);
        stop.abort();
      };
      const timer = setTimeout(() => end(pointError(`It did not answer within ${timeoutMs} ms.`)), timeoutMs);
      const forget = cancellation.onCancel(() => end(GIVEN_UP));
      release = () => {
        clearTimeout(timer);
        forget();
      };
    });
    try {
      return await Promise.race([ended, this.#inTurn(holder, question, stop.signal)]);
    } finally {
      release();
    }
  }

  async #inTurn(holder: string, question: PointQuestion, signal: AbortSignal): Promise<PointAnswer> {
    const turn = await this.#turn(holder, signal);
    if (turn !== "taken") return turn;
    try {
      // It may be over since the place was given.
      return signal.aborted ? GIVEN_UP : await question(signal);
    } finally {
      this.#shares.give(holder);
    }
  }

  #turn(holder: string, signal: AbortSignal): Promise<"taken" | PointAnswer> {
    if (this.#shares.take(holder)) return Promise.resolve("taken");
    if (this.#waiting >= MAX_WAITING) return Promise.resolve(TOO_MANY);
    return new Promise((resolve) => {
      const gone = () => {
        this.#waiting -= 1;
        leave?.();
        resolve(GIVEN_UP);
      };
      const leave = this.#shares.wait(holder, () => {
        this.#waiting -= 1;
        signal.removeEventListener("abort", gone);
        resolve("taken");
      });
      if (leave === undefined) {
        resolve(TOO_MANY);
        return;
      }
      this.#waiting += 1;
      signal.addEventListener("abort", gone, { once: true });
    });
  }
}

const GIVEN_UP = pointError("The request was given up before it answered.");
const TOO_MANY = pointError("Too many other questions wait for it.");
