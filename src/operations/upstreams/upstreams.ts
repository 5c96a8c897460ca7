import type { ListFaults } from "../../catalog/list-reading.ts";
import type { EntryMistake } from "../../config/checks/upstream-entry.ts";
import type { Refusal } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { ListKind } from "../../mcp/messages.ts";
import type { UpstreamLoad, UpstreamStatus } from "../../upstream/upstream.ts";
import type { Operator } from "../operator.ts";

/** One upstream as operators see it: nothing of its credentials. */
export interface UpstreamView {
  readonly name: string;
  /** `file`: of the configuration. `registered`: added at run time, kept in the store. */
  readonly source: "file" | "registered";
  /** The URL without user and query, or the command with its arguments. Neither headers nor environment. */
  readonly address: string;
  readonly status: UpstreamStatus;
  readonly load: UpstreamLoad;
  /** How many tools it offers through the gateway. */
  readonly tools: number;
  /** What in its lists clients could not read: it was repaired or left out. */
  readonly faults: ReadonlyMap<ListKind, ListFaults>;
  /** Lists that have changed in a client's session alone: what it added there is offered to nobody. */
  readonly unseen: readonly ListKind[];
  /** Paths at which it is served, such as `/mcp` and `/mcp/<name>`. */
  readonly endpoints: readonly string[];
  readonly isolation: "session" | "shared";
  readonly timeoutMs: number;
  /** Who added it and when (ms since the epoch), where it was at run time. */
  readonly registered:
    | { readonly issuer: string; readonly subject: string; readonly email: string | undefined; readonly at: number }
    | undefined;
}

export type UpstreamRegistered =
  | { readonly ok: true; readonly upstream: UpstreamView }
  /** ADMIN_REQUIRED, PARAMS_INVALID with its mistakes, UPSTREAM_EXISTS, UPSTREAM_ADDRESS_REFUSED, UPSTREAMS_TOO_MANY. */
  | (Refusal & { readonly mistakes?: readonly EntryMistake[] });

/** What came of connecting to an upstream and listing its tools. */
export type UpstreamTest =
  | {
      readonly ok: true;
      readonly ms: number;
      readonly status: UpstreamStatus;
      /** Names and descriptions as the server gives them. */
      readonly tools: readonly { readonly name: string; readonly description: string | undefined }[];
    }
  /** `why` is for operators: what failed, without credentials. */
  | { readonly ok: false; readonly ms: number; readonly why: string };

/** Upstreams of the configuration and those registered at run time. Every promise may reject with StoreError. */
export interface UpstreamOperations {
  /** By name. */
  list(): readonly UpstreamView[];
  get(name: string): UpstreamView | undefined;
  /**
   * Adds an upstream: `entry` is one of the configuration's `upstreams:`, without references to the environment or to
   * files. Stored first, then started; clients hear of its tools when it is up.
   */
  register(operator: Operator, name: string, entry: Json): Promise<UpstreamRegistered>;
  /** Removes one that was registered, also one that rests because the file has taken its name. ADMIN_REQUIRED, UPSTREAM_UNKNOWN, UPSTREAM_FROM_FILE */
  remove(operator: Operator, name: string): Promise<{ readonly ok: true } | Refusal>;
  /** Connects anew, beside the running connection, and lists the tools. ADMIN_REQUIRED, UPSTREAM_UNKNOWN, TOO_MANY_OPEN */
  test(operator: Operator, name: string): Promise<{ readonly ok: true; readonly test: UpstreamTest } | Refusal>;
}

/** One tool that the gateway offers, as operators see it. */
export interface ToolView {
  readonly upstream: string;
  /** Original name. */
  readonly tool: string;
  /** As `/mcp` lists it. */
  readonly name: string;
  readonly digest: string;
  /** As its server gives it: title, description, annotations, schemas. */
  readonly definition: JsonObject;
  /** Members of it that clients could not read as the server gives them: repaired or left out. */
  readonly repairs: readonly string[];
  /** Ids of the policies that could bear on it, by their targets. */
  readonly policies: readonly string[];
}
