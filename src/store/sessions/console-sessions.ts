/** A browser that is signed in to the console. */
export interface ConsoleSessionRecord {
  /** SHA-256 (hex) of the cookie's value: the value itself is a secret and never stored. */
  readonly idHash: string;
  readonly issuer: string;
  readonly subject: string;
  /** The principal of the sign-in, sealed. */
  readonly principal: string;
  /** All times are ms since the epoch. */
  readonly createdAt: number;
  readonly lastSeenAt: number;
  /** When it ends however much it is used. */
  readonly expiresAt: number;
}

/** Every method may throw StoreError. */
export interface ConsoleSessionStore {
  /** Adds a session, and removes the person's oldest ones beyond `perPerson`. */
  create(session: ConsoleSessionRecord, perPerson: number): Promise<void>;
  find(idHash: string): Promise<ConsoleSessionRecord | undefined>;
  /** At most `limit`, the one seen last first; `after` the one before the first. */
  list(
    limit: number,
    after: Pick<ConsoleSessionRecord, "lastSeenAt" | "idHash"> | undefined,
  ): Promise<readonly ConsoleSessionRecord[]>;
  /** Notes that it was used. One that is gone stays gone. */
  seen(idHash: string, at: number): Promise<void>;
  /** Puts another sealed principal in the place of `before`; `false` where that is not what is there, or any more. */
  renew(idHash: string, before: string, principal: string): Promise<boolean>;
  /** Whether there was one. */
  remove(idHash: string): Promise<boolean>;
  /** Removes those that expired by `at`, and those not seen since `idleSince`. */
  purge(at: number, idleSince: number): Promise<void>;
}
