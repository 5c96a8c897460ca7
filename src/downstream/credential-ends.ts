/** What a connection was opened with. */
export interface Credential {
  /** When it ends by itself, ms since the epoch, perhaps `Infinity`. */
  readonly until: number;
  /** Whether it is accepted still. What cannot be known counts as yes. @throws never */
  holds(): Promise<boolean>;
}

/** Of a connection that needs none. */
export const NO_CREDENTIAL: Credential = { until: Number.POSITIVE_INFINITY, holds: async () => true };

/** How often is looked whether a credential is accepted still: an issuer may have withdrawn its key. */
const LOOK_EVERY_MS = 15_000;

interface Open {
  readonly credential: Credential;
  readonly end: () => void;
  /** When is looked next, ms since the epoch; `undefined`: with the next sweep. */
  lookAt: number | undefined;
}

/**
 * What stays open for as long as the credential holds that opened it, and no longer: streams by which a server tells what
 * nobody asked it. One look a second serves all of them, none for each message.
 */
export class CredentialEnds {
  readonly #open = new Set<Open>();

  /** Calls `end` once the credential holds no longer. The returned function lets go before. */
  watch(credential: Credential, end: () => void): () => void {
    const open: Open = { credential, end, lookAt: undefined };
    this.#open.add(open);
    return () => this.#open.delete(open);
  }

  /** Ends what has no credential any more. */
  sweep(now: number): void {
    for (const open of this.#open) {
      if (now >= open.credential.until) this.#close(open);
      else if (open.lookAt === undefined) open.lookAt = now + LOOK_EVERY_MS;
      else if (now >= open.lookAt) void this.#look(open, now);
    }
  }

  async #look(open: Open, now: number): Promise<void> {
    open.lookAt = now + LOOK_EVERY_MS;
    if (!(await open.credential.holds())) this.#close(open);
  }

  #close(open: Open): void {
    if (this.#open.delete(open)) open.end();
  }
}
