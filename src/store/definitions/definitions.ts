import type { JsonObject } from "../../core/json.ts";
import type { Slices } from "../../core/slices.ts";

/** A tool as an upstream listed it. */
export interface StoredDefinition {
  readonly upstream: string;
  /** Original name. */
  readonly tool: string;
  /** SHA-256 of the definition's canonical JSON. */
  readonly digest: string;
  readonly definition: JsonObject;
}

/** One tool of a list, with the digest that the catalog computed. */
export interface ListedDefinition {
  readonly name: string;
  readonly digest: string;
  readonly definition: JsonObject;
}

/** What became of a tool since its upstream listed it last. */
export interface DefinitionChange {
  readonly tool: string;
  readonly kind: "new" | "changed" | "gone";
  /** Of the definition now; of a tool that is gone, of its last one. */
  readonly digest: string;
  /** The definition before, and the one now, of a tool that changed. Also of one that was gone for a while. */
  readonly before?: JsonObject;
  readonly after?: JsonObject;
}

/** Remembers what upstreams list, so that policies can be checked and calls decided anew without asking them. */
export interface DefinitionStore {
  /**
   * What an upstream lists now (`at`, ms since the epoch): marks these as current and everything else of it as past, tool
   * by tool, so many in one transaction as a slice has time for. The same list again writes nothing. An upstream that is
   * gone lists nothing. Resolves to what has changed: nothing for the first list of an upstream. @throws StoreError
   */
  replace(
    upstream: string,
    tools: readonly ListedDefinition[],
    at: number,
    slices?: Slices,
  ): Promise<readonly DefinitionChange[]>;
}

/** Reads what upstreams listed. */
export interface DefinitionReader {
  /** The definitions listed last, of all upstreams, also of those no longer configured. @throws StoreError */
  current(): Promise<readonly StoredDefinition[]>;
  /** The definitions that one upstream listed last, by name, in pages, so that long lists hold nobody up. @throws StoreError */
  currentOf(upstream: string): AsyncIterable<readonly StoredDefinition[]>;
  /**
   * One definition that was ever listed; `undefined` if there was none, it is too long ago (see `KEPT`), or what is stored
   * does not have this digest.
   * @throws StoreError
   */
  find(upstream: string, tool: string, digest: string): Promise<JsonObject | undefined>;
  /** Digest of what an upstream listed last of this tool; `undefined` if it listed none. @throws StoreError */
  listed(upstream: string, tool: string): Promise<string | undefined>;
}

/** How much of the past is kept. What was listed longest ago goes first; what is listed now always stays. */
export const KEPT = { pastVersionsPerTool: 20, rowsPerUpstream: 20_000 } as const;
