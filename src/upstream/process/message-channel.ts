import type { Pausable } from "../messages/throttle.ts";
import type { LastWords } from "./last-words.ts";

/** A two-way stream of JSON-RPC messages that does not say which request a message belongs to: stdio, HTTP+SSE. */
export interface MessageChannel extends Pausable {
  /**
   * Resolves when the message is written, or nobody wants it any more; `full`: it is not taken, because too much waits for
   * the other side to read it. @throws when the channel is closed
   */
  send(text: string, isWanted?: () => boolean): Promise<SendResult>;
  /** Ends it politely, in bounded time. Idempotent. */
  close(): Promise<void>;
  /** What a program says besides messages. */
  readonly words?: LastWords | undefined;
}

export type SendResult = "sent" | "full";

export interface MessageChannelEvents {
  /** One message, or what stands where one should; empty where there is nothing. */
  onMessage(bytes: Buffer): void;
  /** A message beyond the size limit was skipped; `edges` holds its beginning and end, where its id may stand. */
  onOversize(edges: Buffer): void;
  /** It ended by itself, once; not called after `close`. */
  onClosed(detail: string): void;
}

export type OpenChannel = (
  events: MessageChannelEvents,
) => Promise<{ readonly ok: true; readonly channel: MessageChannel } | { readonly ok: false; readonly detail: string }>;
