/** An upstream that an administrator added while the gateway ran. */
export interface RegisteredUpstreamRecord {
  readonly name: string;
  /** Sealed text: the entry holds credentials. */
  readonly entry: string;
  /** Who added it. */
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  /** ms since the epoch. */
  readonly registeredAt: number;
}

/** The upstreams that are kept in the store and in no file. */
export interface RegisteredUpstreamStore {
  /** Adds one, unless there is one of its name or there are `max` already. @throws StoreError */
  add(record: RegisteredUpstreamRecord, max: number): Promise<"added" | "exists" | "too_many">;
  /** Whether there was one. @throws StoreError */
  remove(name: string): Promise<boolean>;
  /** The one added first first. @throws StoreError */
  all(): Promise<readonly RegisteredUpstreamRecord[]>;
  /** Their names, in the same order. @throws StoreError */
  names(): Promise<readonly string[]>;
  /** A text that is another one whenever `all` is: what to look at now and then. @throws StoreError */
  version(): Promise<string>;
}
