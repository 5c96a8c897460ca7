/** A two-way stream of JSON-RPC messages that does not say which request a message belongs to: stdio, HTTP+SSE. */
export interface MessageChannel {
  /** Resolves when the message is written. @throws when the channel is closed */
  send(text: string): Promise<void>;
  /** Ends it politely, in bounded time. Idempotent. */
  close(): Promise<void>;
}

export interface MessageChannelEvents {
  onMessage(bytes: Buffer): void;
  /** A message beyond the size limit was skipped; `edges` holds its beginning and end, where its id may stand. */
  onOversize(edges: Buffer): void;
  /** It ended by itself, once; not called after `close`. */
  onClosed(detail: string): void;
}

export type OpenChannel = (
  events: MessageChannelEvents,
) => Promise<{ readonly ok: true; readonly channel: MessageChannel } | { readonly ok: false; readonly detail: string }>;
