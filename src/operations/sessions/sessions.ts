import type { Refusal } from "../../core/errors.ts";
import type { SessionView } from "../../core/live-sessions.ts";
import type { Operator } from "../operator.ts";

export interface SessionPage {
  /** The one seen last first. */
  readonly items: readonly SessionView[];
  readonly nextCursor: string | undefined;
}

/** Sessions of MCP clients, for administrators. Every promise may reject with StoreError. */
export interface SessionOperations {
  /** At most `limit`, 1 to 100. A cursor that is none of ours begins at the start. */
  list(query: { readonly limit: number; readonly cursor?: string }): Promise<SessionPage>;
  find(id: string): Promise<SessionView | undefined>;
  /** Ends one: its client has to initialise again, or to listen again. ADMIN_REQUIRED, SESSION_UNKNOWN */
  end(operator: Operator, id: string): Promise<{ readonly ok: true } | Refusal>;
}
