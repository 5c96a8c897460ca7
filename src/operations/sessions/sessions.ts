import type { Refusal } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Operator } from "../operator.ts";

/** Who is connected, and with what. Clients of 2026-07-28 have no sessions: theirs are their open subscriptions. */
export interface SessionView {
  /** Safe to show: a hash of a session's id, which itself is a secret; of a subscription, a name for it here. */
  readonly id: string;
  readonly era: "legacy" | "modern";
  readonly issuer: string;
  readonly subject: string;
  /** Known of those that this process holds. */
  readonly email: string | undefined;
  /** `""` for `/mcp`, else the name after it. */
  readonly endpoint: string;
  readonly protocolVersion: string;
  /** As the client says: `name`, `version`, perhaps `title`. */
  readonly clientInfo: JsonObject;
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly lastSeenAt: number;
  /** An event stream is open. */
  readonly connected: boolean;
  /** Calls in flight in this process. What another process holds shows as neither connected nor busy. */
  readonly inFlight: number;
}

export interface SessionPage {
  /** The one seen last first. */
  readonly items: readonly SessionView[];
  readonly nextCursor: string | undefined;
}

/** What one process holds for its clients, as its MCP endpoint knows it. */
export interface LiveSessions {
  /** In no order. */
  list(): readonly SessionView[];
  /** Ends one as its client would. `false`: this process holds none of this id. @throws StoreError */
  end(id: string): Promise<boolean>;
}

/** Sessions of MCP clients, for administrators. Every promise may reject with StoreError. */
export interface SessionOperations {
  /** At most `limit`, 1 to 100. A cursor that is none of ours begins at the start. */
  list(query: { readonly limit: number; readonly cursor?: string }): Promise<SessionPage>;
  find(id: string): Promise<SessionView | undefined>;
  /** Ends one: its client has to initialise again, or to listen again. ADMIN_REQUIRED, SESSION_UNKNOWN */
  end(operator: Operator, id: string): Promise<{ readonly ok: true } | Refusal>;
}
