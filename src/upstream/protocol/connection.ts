import type { InputRequest, InputResponse, Notification, RpcError } from "../../core/call.ts";
import type { Round, UpstreamFault } from "../../core/round.ts";
import type { ServerFacts } from "../messages/server-facts.ts";
import type { UpstreamRequest } from "../upstream.ts";

/**
 * The request surely was not executed, and what it was sent over is of no use any more. `session`: the upstream forgot
 * the session, another one has to be opened. `era`: the upstream does not speak what the verdict says.
 */
export interface Lost {
  readonly kind: "lost";
  readonly cause: "session" | "era";
  readonly detail: string;
  /** As `UpstreamFault.said`. */
  readonly said?: string;
  /** The error that says so: said of a new connection as well, it means something else, and is the answer. */
  readonly error?: RpcError;
}

/** What one try of a request came to. */
export type RequestAttempt = Round | Lost;

/** What an upstream connection reports to the one who opened it. */
export interface ConnectionHost {
  /** A notification that belongs to no request. */
  onNotification(notification: Notification): void;
  /** A request of the server outside any call. `ping` never comes here. */
  onRequest(inputRequest: InputRequest): Promise<InputResponse>;
  /** It died by itself; not called after `close`. */
  onClosed(detail: string): void;
}

export type SubscribeAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly error: RpcError }
  | { readonly ok: false; readonly fault: UpstreamFault };

/** One protocol-level connection to an upstream: a legacy session, or a peer's share of a stateless upstream. */
export interface Connection {
  readonly facts: ServerFacts;
  /** Sends a request; `onDone` runs once, when nothing of it is in flight or parked any more. @throws never */
  request(request: UpstreamRequest, onDone: () => void): Promise<RequestAttempt>;
  notify(notification: Notification): void;
  /** Asks the server to report updates of one resource. Idempotent. */
  subscribe(uri: string): Promise<SubscribeAnswer>;
  unsubscribe(uri: string): void;
  /** Ends it politely, in bounded time. Idempotent. */
  close(): Promise<void>;
}

export type Opened =
  | { readonly ok: true; readonly connection: Connection }
  | { readonly ok: false; readonly fault: UpstreamFault };
