import type { Cancellation } from "./cancellation.ts";
import type { Json, JsonObject } from "./json.ts";
import type { Principal } from "./principal.ts";
import type { Scope } from "./scope.ts";

/** The two families of protocol revisions. Versioning, "Terminology". */
export type Era = "modern" | "legacy";

/** Log levels of MCP, from the least to the most severe (RFC 5424). */
export const LOG_LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The client program as it describes itself and as the connection shows it. */
export interface ClientFacts {
  /** OAuth client or API key name, if the credential has one. Verified, unlike `name` and `version`. */
  readonly id: string | undefined;
  readonly name: string;
  readonly version: string;
  readonly ip: string;
  readonly userAgent: string;
}

/** A JSON-RPC notification on its way to a client or a server. */
export interface Notification {
  readonly method: string;
  readonly params: JsonObject;
}

/** A request that an upstream makes of the client: elicitation, sampling or roots. */
export interface InputRequest {
  readonly method: string;
  readonly params: JsonObject;
}

/** The client's answer to an input request. */
export type InputResponse =
  | { readonly ok: true; readonly result: JsonObject }
  | { readonly ok: false; readonly error: RpcError };

/**
 * The client as an upstream session sees it: what it can do, and the way to it outside any call. One legacy session is
 * one peer; modern requests of one principal through one kind of client are one peer.
 */
export interface ClientPeer {
  /** Upstream sessions belong to one key: nothing of one peer is ever seen by another. */
  readonly key: string;
  /** `principalKey` of whose peer it is: what only they may use again is kept under it. */
  readonly owner: string;
  /** `personKey` of them. What is bounded is shared out by it, since a client invents its own name. */
  readonly holder: string;
  /** Client capabilities as declared: no others are advertised upstream. */
  readonly capabilities: JsonObject;
  /** Whether a server that keeps a session can ask it anything. Otherwise such a server is told of no capability to answer. */
  readonly takesInputRequests: boolean;
  /** Puts an upstream's request to the client outside any call (legacy only; others answer -32601). */
  request(inputRequest: InputRequest): Promise<InputResponse>;
  /** Hands the client a notification that belongs to no call. */
  notify(notification: Notification): void;
  /** Whether it keeps a session and listens outside calls right now: then it is there, though it calls nothing. Default: no. */
  listening?(): boolean;
}

/** A JSON-RPC error object. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: Json;
}

/** One client request that goes to an upstream, from classification to answer. */
export interface Call {
  /** `call_…`: in the answer, the log and the audit. */
  readonly id: string;
  readonly era: Era;
  readonly method: string;
  /** As parsed; `_meta` included. Never written to. */
  readonly params: JsonObject;
  readonly principal: Principal;
  readonly client: ClientFacts;
  readonly peer: ClientPeer;
  readonly scope: Scope;
  /** The legacy session's public handle (a digest of its id), for policies and the audit. */
  readonly session: string | undefined;
  /** An allow-list of request headers, lower-case names, for policies. */
  readonly headers: JsonObject;
  /** W3C `traceparent`'s trace id, if the client sent one. */
  readonly traceId: string | undefined;
  /** ms since the epoch. */
  readonly receivedAt: number;
  /** Whether the client wants progress. */
  readonly wantsProgress: boolean;
  /** Whether the client takes a task instead of a result: a modern one that declares the extension on this request. */
  readonly acceptsTasks: boolean;
  /** Finest level of log messages that the client wants for this call; `undefined` for none. */
  readonly logLevel: LogLevel | undefined;
  readonly cancellation: Cancellation;
  /** Progress (without its token) and log messages while the call runs. Not called after the outcome. */
  notify(notification: Notification): void;
}
