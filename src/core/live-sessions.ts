import type { JsonObject } from "./json.ts";

/**
 * Who is connected, and with what: a legacy session, or a stream that a modern client listens on, which is all that it has
 * of the kind.
 */
export interface SessionView {
  /** Safe to show: the hash of a session's id, which itself is a secret; of a stream, a name that means nothing elsewhere. */
  readonly id: string;
  readonly era: "legacy" | "modern";
  /** Who they are, as the latest request showed. */
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
  /** Calls that run or wait in this process. What another process holds shows as neither connected nor busy. */
  readonly inFlight: number;
}

/** What one process holds for its clients. */
export interface LiveSessions {
  /** In no order. */
  list(): readonly SessionView[];
  /**
   * Ends a session as a DELETE of its client would, or a stream with the response that says so. `false`: this process
   * holds none of this id. @throws StoreError
   */
  end(id: string): Promise<boolean>;
}
