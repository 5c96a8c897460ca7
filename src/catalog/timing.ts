/** Times of the catalog, in ms. */
export interface CatalogTiming {
  /** How often a list is read again although nobody said that it changed. */
  readonly refreshMs: number;
  /** How long the tools of an upstream that went down stay listed. */
  readonly graceMs: number;
  /** How long after a first `list_changed` the list is read: servers announce several changes in a row. */
  readonly coalesceMs: number;
  /**
   * How long the announcements after that wait: some servers announce a change to every new session. What changes again and
   * again waits longer (`reading-pace.ts`).
   */
  readonly calmMs: number;
  /** How long changes are collected before clients hear of them. */
  readonly announceMs: number;
  /** How long whoever asks for lists waits for a server that makes its first start, counted from the first who does. */
  readonly firstListsMs: number;
}

/** What `createCatalog` takes where it is not told otherwise. */
export const DEFAULT_CATALOG_TIMING: CatalogTiming = {
  refreshMs: 300_000,
  // A restart of a server should not empty everybody's list.
  graceMs: 30_000,
  coalesceMs: 50,
  calmMs: 1_000,
  announceMs: 25,
  // Less than any client waits for an answer.
  firstListsMs: 4_000,
};
