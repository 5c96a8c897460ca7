import { Turns } from "./turns.ts";

/** What of `places` one person may have: it may take `more` (one) while as many are free as it has then. */
export function mayTake(own: number, taken: number, places: number, more = 1): boolean {
  return own + more <= places - taken;
}

/**
 * Places that people share, whatever credentials they have (`personKey`). One alone gets half of them, who comes next half
 * of what is left: of 2^n places n people leave one, whatever they do. Who gets none now may wait for its turn.
 */
export class Shares {
  readonly #places: number;
  readonly #turns: Turns;
  readonly #own = new Map<string, number>();
  #taken = 0;

  constructor(places: number, maxWaitingPerHolder: number) {
    this.#places = places;
    this.#turns = new Turns(maxWaitingPerHolder);
  }

  /** Takes a place, if `holder` may have one and nobody of it waits already. */
  take(holder: string): boolean {
    return !this.#turns.awaited(holder) && this.#claim(holder);
  }

  /** Calls `begin` once a place was taken for `holder`; returns how to leave the queue, `undefined` when it is full. */
  wait(holder: string, begin: () => void): (() => void) | undefined {
    return this.#turns.wait(holder, begin);
  }

  /** Gives a place back. */
  give(holder: string): void {
    const own = (this.#own.get(holder) ?? 0) - 1;
    if (own > 0) this.#own.set(holder, own);
    else this.#own.delete(holder);
    this.#taken--;
    this.#turns.serve((next) => this.#claim(next));
  }

  #claim(holder: string): boolean {
    const own = this.#own.get(holder) ?? 0;
    if (!mayTake(own, this.#taken, this.#places)) return false;
    this.#own.set(holder, own + 1);
    this.#taken++;
    return true;
  }
}
