import type { Decision, Match } from "../core/decision.ts";
import type { JsonObject } from "../core/json.ts";
import type { Principal } from "../core/principal.ts";

/** A decided call, recorded before anything happens because of it. */
export interface AuditOpening {
  readonly callId: string;
  /** ms since the epoch. */
  readonly at: number;
  readonly principal: Principal;
  readonly client: {
    readonly name: string;
    readonly version: string;
    readonly ip: string;
    readonly userAgent: string;
  };
  readonly endpoint: string;
  readonly session: string | undefined;
  readonly upstream: string;
  /** Original name. */
  readonly tool: string;
  /** SHA-256 of the tool's definition, as the catalog had it. */
  readonly definitionDigest: string;
  readonly decision: Decision;
  readonly arguments: JsonObject;
  /** The headers that policies see. Kept sealed or not at all. */
  readonly headers: JsonObject;
  readonly traceId: string | undefined;
}

/** How a recorded call ended. */
export interface AuditClosing {
  readonly callId: string;
  /** ms since the epoch. */
  readonly at: number;
  /** `ok`, `tool_error` (`isError: true`), `rpc_error`, `denied`, `cancelled`, or the fault's code. */
  readonly outcome: string;
  readonly durationMs: number;
  /** Result policies that matched after the tool ran, shadow ones too. */
  readonly policies?: readonly Match[];
}

/** The record of every decision. Rows are only ever added; each holds the hash of the one before. */
export interface Audit {
  /**
   * Resolves `true` once the row is committed; all rows of one event-loop turn share one transaction. `false`: it could
   * not be written, and the call must not be made. @throws never
   */
  open(opening: AuditOpening): Promise<boolean>;
  /** Queues the closing row: it is written with the next opening, or a few milliseconds later. @throws never */
  close(closing: AuditClosing): void;
  /** Writes what is queued; call before the process ends. */
  flush(): Promise<void>;
}
