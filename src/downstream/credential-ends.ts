interface Open {
  /** ms since the epoch. */
  readonly until: number;
  readonly end: () => void;
}

/**
 * What stays open for as long as the credential holds that opened it, and no longer: streams by which a server tells what
 * nobody asked it. One look a second serves all of them, none for each message.
 */
export class CredentialEnds {
  readonly #open = new Set<Open>();

  /** Calls `end` once the credential has ended. The returned function lets go before. */
  watch(until: number, end: () => void): () => void {
    if (until === Number.POSITIVE_INFINITY) return () => {};
    const open = { until, end };
    this.#open.add(open);
    return () => this.#open.delete(open);
  }

  /** Ends what has no credential any more. */
  sweep(now: number): void {
    for (const open of this.#open) {
      if (now < open.until) continue;
      this.#open.delete(open);
      open.end();
    }
  }
}
