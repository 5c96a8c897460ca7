import type { JsonObject } from "../core/json.ts";

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

/** Remembers what upstreams list, so that policies can be checked and calls decided anew without asking them. */
export interface DefinitionStore {
  /**
   * What an upstream lists now (`at`, ms since the epoch): marks these as current and everything else of it as past, in
   * one transaction. The same list again writes nothing. An upstream that is gone lists nothing. @throws StoreError
   */
  replace(upstream: string, tools: readonly ListedDefinition[], at: number): Promise<void>;
}

/** Reads what upstreams listed. */
export interface DefinitionReader {
  /** The definitions listed last, of all upstreams, also of those no longer configured. @throws StoreError */
  current(): Promise<readonly StoredDefinition[]>;
  /**
   * One definition that was ever listed; `undefined` if there was none or it is too long ago: see `KEPT`.
   * @throws StoreError
   */
  find(upstream: string, tool: string, digest: string): Promise<JsonObject | undefined>;
  /** Digest of what an upstream listed last of this tool; `undefined` if it listed none. @throws StoreError */
  listed(upstream: string, tool: string): Promise<string | undefined>;
}

/** How much of the past is kept. What was listed longest ago goes first; what is listed now always stays. */
export const KEPT = { pastVersionsPerTool: 20, rowsPerUpstream: 20_000 } as const;
