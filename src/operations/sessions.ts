import type { Refusal } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Operator } from "./operator.ts";

/** Who is connected, and with what. Clients of 2026-07-28 have no sessions: theirs are their open subscriptions. */
export interface SessionView {
  /** Safe to show: a hash of a session's id, which itself is a secret; of a subscription, a name for it here. */
  readonly id: string;
  readonly era: "legacy" | "modern";
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  /** `""` for `/mcp`, else the name after it. */
  readonly endpoint: string;
  readonly protocolVersion: string;
  /** As the client says: `name`, `version`. */
  readonly clientInfo: JsonObject;
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly lastSeenAt: number;
  /** An event stream is open. */
  readonly connected: boolean;
  /** Calls in flight in this process. */
  readonly inFlight: number;
}

export interface SessionPage {
  /** The one seen last first. */
  readonly items: readonly SessionView[];
  readonly nextCursor: string | undefined;
}

/** Sessions of MCP clients, for administrators. Every promise may reject with StoreError. */
export interface SessionOperations {
  list(query: { readonly limit: number; readonly cursor?: string }): Promise<SessionPage>;
  /** Ends one: its client has to initialise again. ADMIN_REQUIRED, SESSION_UNKNOWN */
  end(operator: Operator, id: string): Promise<{ readonly ok: true } | Refusal>;
}
