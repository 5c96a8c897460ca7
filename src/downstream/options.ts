import { JSON_LIMITS } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { Refusals } from "../core/refusals.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Arrive } from "../http/arrivals.ts";
import type { Identity } from "../identity/identity.ts";
import type { SessionStore } from "../store/sessions/sessions.ts";

/** What both edges (HTTP and stdio) work with. */
export interface EdgeDeps {
  readonly gateway: Gateway;
  readonly log: Log;
  /** Hears of what is refused before it is a call. */
  readonly refusals: Refusals;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Makes the id of one call. */
  readonly callIds: () => string;
  /** The gateway's own version, in `serverInfo`. */
  readonly version: string;
  /** How a denied `tools/call` is answered: as a tool result (`result`, the default) or as a JSON-RPC error. */
  readonly errors?: "result" | "protocol" | undefined;
  readonly limits?: Partial<EdgeLimits> | undefined;
  /**
   * Calls `tick` about once a second until the returned function is called; one timer serves all streams and sessions.
   * Tests pass their own.
   */
  readonly everySecond?: ((tick: () => void) => () => void) | undefined;
}

/** What the HTTP endpoint needs besides. */
export interface McpEndpointDeps extends EdgeDeps {
  readonly sessions: SessionStore;
  readonly identity: Identity;
  readonly arrive: Arrive;
  /** The URL under which clients know the gateway; its host and origin are served. */
  readonly publicUrl: string;
  /** Where the server listens. A function, because a port of 0 is known only after `listen`. */
  readonly listen: () => { readonly host: string; readonly port: number };
  /** More `Host` values to serve (`host` or `host:port`), for a gateway behind proxies. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Browser origins that may call the endpoint from their pages. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Request headers (lower-case names) that policies can see. */
  readonly policyHeaders?: readonly string[] | undefined;
}

/** Bounds. Times in milliseconds, sizes in bytes. */
export interface EdgeLimits {
  readonly maxBodyBytes: number;
  /** Objects and arrays around a value in a message. */
  readonly maxDepth: number;
  /** Values and names of members in a message. */
  readonly maxCount: number;
  readonly maxBatch: number;
  /** A call that says nothing for so long gets its stream, so that nothing on the way gives up. */
  readonly streamAfterMs: number;
  readonly keepAliveMs: number;
  /** What a slow reader may leave unread before its stream is cut. */
  readonly maxQueuedBytes: number;
  readonly maxListens: number;
  /** Of these, what one person may hold, so that one cannot shut out all others. */
  readonly maxListensPerPerson: number;
  readonly maxSubscriptions: number;
  /** Longest resource URI that can be watched, and longest id of a request that stays open, in characters. */
  readonly maxKeptChars: number;
  /** Live legacy sessions in memory; the idlest leaves first, and comes back from the store when it is used. */
  readonly maxSessions: number;
  /** Of these, what one person may have; its idlest ends for good when it opens one more. */
  readonly maxSessionsPerPerson: number;
  readonly maxInFlightPerSession: number;
  readonly sessionIdleMs: number;
  /** How stale `lastSeenAt` in the store may be. */
  readonly touchMs: number;
  /** How long a session's streams and calls may outlive its end in another process. */
  readonly goneMs: number;
  /** How long a client may take to answer an input request. */
  readonly inputRequestMs: number;
  readonly maxInputRequestsPerSession: number;
  /** Rounds of input requests that one call may take. */
  readonly maxRounds: number;
  readonly replayEventsPerStream: number;
  readonly replayBytesPerStream: number;
  readonly replayBytesPerSession: number;
  readonly replayBytesTotal: number;
  /** How long a finished stream can still be resumed. */
  readonly replayFinishedMs: number;
  /** How long a legacy client's call is held while people decide on it. */
  readonly holdMs: number;
  /** The same for one leg of a modern client's call. Clients time out after a minute. */
  readonly legMs: number;
  /** Legs of one such call. Clients give up when the eleventh answer still is none. */
  readonly maxLegs: number;
  /** Calls held at once; what comes beyond is told at once that it waits. */
  readonly maxHeld: number;
  /** Of these, what one person may have, so that one cannot shut out all others. */
  readonly maxHeldPerPerson: number;
}

/** The bounds that hold unless the configuration says otherwise. */
export const DEFAULT_DOWNSTREAM_LIMITS: EdgeLimits = {
  maxBodyBytes: 4 * 1024 * 1024,
  ...JSON_LIMITS,
  maxBatch: 64,
  streamAfterMs: 10_000,
  keepAliveMs: 15_000,
  maxQueuedBytes: 1024 * 1024,
  maxListens: 4096,
  maxListensPerPerson: 512,
  maxSubscriptions: 256,
  maxKeptChars: 8 * 1024,
  maxSessions: 10_000,
  maxSessionsPerPerson: 5_000,
  maxInFlightPerSession: 256,
  sessionIdleMs: 24 * 60 * 60 * 1000,
  touchMs: 60_000,
  goneMs: 5_000,
  inputRequestMs: 10 * 60 * 1000,
  maxInputRequestsPerSession: 64,
  maxRounds: 32,
  replayEventsPerStream: 256,
  replayBytesPerStream: 1024 * 1024,
  replayBytesPerSession: 4 * 1024 * 1024,
  replayBytesTotal: 64 * 1024 * 1024,
  replayFinishedMs: 60_000,
  holdMs: 45_000,
  legMs: 25_000,
  maxLegs: 10,
  maxHeld: 4096,
  maxHeldPerPerson: 512,
};

/** What is told of a URI beyond `maxKeptChars`. */
export function uriTooLong(maxKeptChars: number): string {
  return `The URI of a resource to watch may have at most ${maxKeptChars} characters.`;
}

/** Request headers that policies can see unless the configuration says otherwise. */
export const DEFAULT_POLICY_HEADERS: readonly string[] = ["origin", "user-agent", "x-request-id"];

/** The default once-a-second timer. It does not keep the process alive. */
export function everySecond(tick: () => void): () => void {
  const timer = setInterval(tick, 1000);
  timer.unref();
  return () => clearInterval(timer);
}
