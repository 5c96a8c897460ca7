import type { JsonObject } from "../core/json.ts";

/** One client that this process holds something for: a legacy session, or a stream that a modern client listens on. */
export interface LiveClient {
  /** The hash of a session's id, as in the store; of a stream, a name that means nothing elsewhere. Safe to show. */
  readonly id: string;
  readonly era: "legacy" | "modern";
  /** Who they are, as the latest request showed. */
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  /** `""` for `/mcp`, else the name after it. */
  readonly endpoint: string;
  readonly protocolVersion: string;
  /** As the client says: `name`, `version`, `title`. */
  readonly clientInfo: JsonObject;
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly lastSeenAt: number;
  /** Whether a stream to it is open. */
  readonly connected: boolean;
  /** Its calls that run or wait here. */
  readonly inFlight: number;
}

/** Who is connected to one endpoint right now. */
export interface LiveClients {
  /** In no order. */
  list(): readonly LiveClient[];
  /**
   * Ends a session as a DELETE of its client would, or a stream with the response that says so. `false`: there is none
   * of this id here. @throws StoreError
   */
  end(id: string): Promise<boolean>;
}
