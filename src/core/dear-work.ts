import type { Cancellation } from "./cancellation.ts";
import { OneByOne } from "./one-by-one.ts";
import { Turns } from "./turns.ts";

/** What came of it. `gone`: nobody wants it any more. `crowded`: too much of this person waits already. */
export type DearWork<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "gone" }
  | { readonly kind: "crowded" };

/** How much of one person waits at most. */
const MAX_WAITING = 16;

/**
 * Work that may be megabytes and is asked for by short requests: of one person one piece at a time, with a turn for everybody
 * else before each. What waits for its turn is not begun when whoever asked for it has gone.
 */
export class DearWorks {
  readonly #busy = new Set<string>();
  readonly #waiting = new Turns(MAX_WAITING);
  readonly #pieces = new OneByOne();

  /** Does it when it is its turn. `holder`: the `personKey` of whoever asks. @throws what `work` throws */
  async take<T>(holder: string, cancellation: Cancellation | undefined, work: () => Promise<T>): Promise<DearWork<T>> {
    const place = await this.#place(holder, cancellation);
    if (place !== undefined) return { kind: place };
    try {
      await this.#pieces.turn(holder);
      if (cancellation?.cancelled === true) return { kind: "gone" };
      return { kind: "done", value: await work() };
    } finally {
      this.#busy.delete(holder);
      this.#waiting.serve(this.#claim);
    }
  }

  readonly #claim = (holder: string): boolean => {
    if (this.#busy.has(holder)) return false;
    this.#busy.add(holder);
    return true;
  };

  /** Waits for the one place of this person. Why there will be none, if so. */
  async #place(holder: string, cancellation: Cancellation | undefined): Promise<"gone" | "crowded" | undefined> {
    if (cancellation?.cancelled === true) return "gone";
    if (!this.#waiting.awaited(holder) && this.#claim(holder)) return undefined;
    return new Promise((resolve) => {
      let stopHearing: (() => void) | undefined;
      const leave = this.#waiting.wait(holder, () => {
        stopHearing?.();
        resolve(undefined);
      });
      if (leave === undefined) return resolve("crowded");
      stopHearing = cancellation?.onCancel(() => {
        leave();
        resolve("gone");
      });
    });
  }
}
