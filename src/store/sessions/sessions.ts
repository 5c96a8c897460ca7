import type { JsonObject } from "../../core/json.ts";

/** The facts of one legacy session. They outlive the process, so a restarted gateway still knows its clients. */
export interface SessionRecord {
  /** SHA-256 (hex) of the `Mcp-Session-Id`: the id itself is a secret and never stored. */
  readonly idHash: string;
  /** `issuer` and `subject` of the principal that opened it; nobody else may use it. */
  readonly issuer: string;
  readonly subject: string;
  /** `""` for `/mcp`, else the name after it. */
  readonly endpoint: string;
  readonly protocolVersion: string;
  readonly clientInfo: JsonObject;
  readonly capabilities: JsonObject;
  /** Set by `logging/setLevel`. */
  readonly logLevel: string | undefined;
  /** Resource URIs subscribed to. */
  readonly subscriptions: readonly string[];
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly lastSeenAt: number;
}

/** What may change while a session lives. */
export type SessionChange = Partial<Pick<SessionRecord, "logLevel" | "subscriptions" | "lastSeenAt">>;

/** Where a list of sessions goes on: after the one that stands here. */
export type SessionPosition = Pick<SessionRecord, "lastSeenAt" | "idHash">;

/** Legacy sessions on disk. @throws StoreError */
export interface SessionStore {
  create(session: SessionRecord): Promise<void>;
  find(idHash: string): Promise<SessionRecord | undefined>;
  /** Whether there is one: cheaper than `find`, since it is asked for every request. */
  exists(idHash: string): Promise<boolean>;
  /** Those of `idHashes` that are no more. */
  gone(idHashes: readonly string[]): Promise<readonly string[]>;
  /** At most `limit`, the one seen last first, from behind `after` on. */
  list(query: { readonly after?: SessionPosition; readonly limit: number }): Promise<readonly SessionRecord[]>;
  /** Changes a session that exists; one that is gone stays gone. */
  update(idHash: string, change: SessionChange): Promise<void>;
  /** Whether there was one. */
  remove(idHash: string): Promise<boolean>;
  /** Removes every session last seen before `before` and returns their hashes. */
  removeIdle(before: number): Promise<readonly string[]>;
}
