import { mayTake } from "../core/shares.ts";

/** The openings that wait to be written, by person: nobody can have the whole queue. */
export class OpeningShares {
  readonly #max: Counted;
  readonly #all = { rows: 0, chars: 0 };
  readonly #own = new Map<string, { rows: number; chars: number }>();

  constructor(max: Counted) {
    this.#max = max;
  }

  /** Whether one more of this principal may wait. */
  mayOpen(holder: string): boolean {
    const own = this.#own.get(holder) ?? NOTHING;
    const { rows, chars } = this.#all;
    return mayTake(own.rows, rows, this.#max.rows) && mayTake(own.chars, chars, this.#max.chars);
  }

  /** Counts one that waits, with so many characters of arguments. */
  add(holder: string, chars: number): void {
    const own = this.#own.get(holder) ?? { rows: 0, chars: 0 };
    this.#own.set(holder, own);
    for (const counted of [own, this.#all]) {
      counted.rows += 1;
      counted.chars += chars;
    }
  }

  /** Counts it no longer. */
  remove(holder: string, chars: number): void {
    const own = this.#own.get(holder);
    if (own === undefined) return;
    for (const counted of [own, this.#all]) {
      counted.rows -= 1;
      counted.chars -= chars;
    }
    if (own.rows === 0) this.#own.delete(holder);
  }
}

interface Counted {
  readonly rows: number;
  readonly chars: number;
}

const NOTHING: Counted = { rows: 0, chars: 0 };
