import { mayTake } from "./shares.ts";

/** Bytes that people share, as `Shares` are places: one alone gets half of them, who comes next half of what is left. */
export class ByteShares {
  readonly #bytes: number;
  readonly #own = new Map<string, number>();
  #taken = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Takes so many for `holder`; whether it may have them. */
  take(holder: string, bytes: number): boolean {
    const own = this.#own.get(holder) ?? 0;
    if (!mayTake(own, this.#taken, this.#bytes, bytes)) return false;
    this.#own.set(holder, own + bytes);
    this.#taken += bytes;
    return true;
  }

  /** Gives back so many that were taken. */
  give(holder: string, bytes: number): void {
    const own = (this.#own.get(holder) ?? 0) - bytes;
    if (own > 0) this.#own.set(holder, own);
    else this.#own.delete(holder);
    this.#taken -= bytes;
  }
}
