import type { ClientPeer, Era, LogLevel, Notification, RpcError } from "../core/call.ts";
import type { Cancellation } from "../core/cancellation.ts";
import type { Deadline } from "../core/deadline.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { Round, UpstreamFault } from "../core/round.ts";
import type { ListKind } from "../mcp/messages.ts";

/** Why a request may go out again: no connection was made for it, or it was answered with this HTTP status. */
export type RetryCause = "connect" | 502 | 503 | 504;

/** How often a request goes out. */
export interface RetryOptions {
  /** The first counts. */
  readonly attempts: number;
  /** Before the second; each further delay doubles. */
  readonly backoffMs: number;
  readonly on: readonly RetryCause[];
  /** Globs over tools that may run twice. */
  readonly idempotent: readonly string[];
}

interface HttpTransport {
  readonly url: string;
  /** What rules of the configuration set and add is among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names, in lower case, that are not sent, whoever would set them. */
  readonly removedHeaders?: readonly string[] | undefined;
}

/** One registered MCP server. `config/` fills it in; every time is in milliseconds, every size in bytes. */
export interface UpstreamOptions {
  /** `[a-z0-9][a-z0-9-]*`, at most 32 characters. */
  readonly name: string;
  readonly transport:
    | {
        readonly kind: "stdio";
        readonly command: string;
        readonly args: readonly string[];
        readonly env: Readonly<Record<string, string>>;
        readonly cwd: string | undefined;
      }
    | ({ readonly kind: "http" } & HttpTransport)
    | ({ readonly kind: "sse" } & HttpTransport);
  /** By name: the values of its environment or headers that the configuration takes from elsewhere, as they are written there. */
  readonly references?: Readonly<Record<string, string>> | undefined;
  /** `auto` probes once and remembers. */
  readonly era: "auto" | Era;
  /** Deadline of one request; progress does not extend it. */
  readonly timeoutMs: number;
  /** Deadlines of calls of tools instead, by globs over their original names; the last that fits counts. */
  readonly toolTimeouts?: ReadonlyArray<readonly [glob: string, ms: number]> | undefined;
  /** Default: a request goes out once. */
  readonly retry?: RetryOptions | undefined;
  /** `session`: an upstream session per peer. `shared`: all peers on the system connection. */
  readonly isolation: "session" | "shared";
  /** An upstream session unused for so long is closed, unless its client listens. */
  readonly idleMs: number;
  /** Upstream sessions (or child processes) open at once; beyond it the idlest goes, or the call is refused as busy. */
  readonly maxSessions: number;
  readonly maxResponseBytes: number;
  /** It was registered at run time: its connections lead only to where the address rules let them. */
  readonly confined?: true;
  /** Why it is not connected to at all, for operators: it is down until it is replaced. */
  readonly skipped?: string;
}

/** A request as the gateway passes it on. */
export interface UpstreamRequest {
  readonly method: string;
  /** Original names, checked arguments. Sent are the members that the protocol has for the method: `PARAMS`. */
  readonly params: JsonObject;
  /** The gateway's own keys of `_meta`; the protocol's are written by the upstream room. */
  readonly meta?: JsonObject | undefined;
  /** `Mcp-Param-*` headers for a modern HTTP upstream, values not yet encoded. */
  readonly mirrored: ReadonlyArray<readonly [name: string, value: string]>;
  readonly wantsProgress: boolean;
  readonly logLevel: LogLevel | undefined;
  readonly cancellation: Cancellation;
  /** Ends it sooner than the upstream's own deadline would. */
  readonly deadline?: Deadline | undefined;
  /** Progress (`params` without `progressToken`) and log messages of this request, before its round ends. */
  onNotification(notification: Notification): void;
}

/** One peer's side of one upstream. Cheap to get; connects on first use. */
export interface UpstreamSession {
  /** Sends a request and waits for its first round. @throws never: faults are rounds */
  request(request: UpstreamRequest): Promise<Round>;
  /** Passes a client notification on (`notifications/roots/list_changed`), where a session is open. */
  notify(notification: Notification): void;
  /** Watches one resource until `close`; survives reconnects. */
  subscribe(uri: string, onUpdated: (notification: Notification) => void): Promise<Subscription>;
}

export type Subscription =
  | { readonly ok: true; close(): void }
  | { readonly ok: false; readonly error: RpcError }
  | { readonly ok: false; readonly fault: UpstreamFault };

/** All pages of a list, those before one that could not be read, or why there are none. A server without the capability has an empty list. */
export type ListAnswer =
  | {
      readonly ok: true;
      /** As the server sent them: not all need be objects. */
      readonly items: readonly Json[];
      /** How long the server lets it be kept, in ms; `undefined`: servers of its era do not say. */
      readonly ttlMs?: number | undefined;
      /** Why only its first pages could be read, for operators; `undefined`: it is whole. */
      readonly missing?: string | undefined;
    }
  | { readonly ok: false; readonly fault: UpstreamFault };

export interface UpstreamStatus {
  /**
   * `connecting`: not reached since the start, or reached and its lists were not read yet; `down`: reached the breaker;
   * `ready`: answering, and its lists were read once, or `lastError` says why not.
   */
  readonly state: "connecting" | "ready" | "down";
  readonly era: Era | undefined;
  readonly transport: "stdio" | "http" | "sse";
  /** Server capabilities as announced, each as an object; `{}` until connected. */
  readonly capabilities: JsonObject;
  readonly serverInfo: JsonObject | undefined;
  readonly instructions: string | undefined;
  /** Since when in this state, ms since the epoch. */
  readonly since: number;
  /** What does not work now, for operators: why it is not reached, or why its tools or calls to it fail although it is. */
  readonly lastError: string | undefined;
  /** When that is tried again by itself, ms since the epoch; `undefined`: with the next call, or never. */
  readonly nextAttempt?: number | undefined;
}

/** What an upstream holds for its peers right now; the system connection counts where they share it. */
export interface UpstreamLoad {
  /** Peers that have a session of their own; `undefined` where all share one. */
  readonly peers: number | undefined;
  /** Sessions, or child processes, open or opening. */
  readonly connected: number;
  /** Calls that are in flight, or wait for the client's answer. */
  readonly inFlight: number;
  /** Resources that are watched. */
  readonly watched: number;
}

export interface Upstream {
  readonly name: string;
  /**
   * What stands behind the name: the same text for the same URL, or the same command line in the same folder, whatever it is
   * given. What is learned of a server is remembered for this.
   */
  readonly address: string;
  /**
   * Where a call goes: the address with the environment or headers that go with it, since they may name a tenant, an account
   * or a database. A credential that the configuration takes from elsewhere may change in the same place. A digest that is kept
   * encrypted only: it is derived from secrets.
   */
  readonly place: string;
  status(): UpstreamStatus;
  load(): UpstreamLoad;
  /** Reads a whole list over the system connection, with the upstream's deadline. @throws never */
  list(kind: ListKind): Promise<ListAnswer>;
  session(peer: ClientPeer): UpstreamSession;
  /** Whoever keeps its lists has read them since it was reached, or knows why it could not. */
  listsRead(): void;
  /**
   * Somebody tried it over connections of their own. Where it answered, what waits for its next attempt is tried now, and all lists
   * are read again; otherwise its status says why, if it is the upstream's fault.
   */
  tested(failure: Pick<UpstreamFault, "code" | "detail" | "ours"> | undefined): void;
}

/** What the upstream room tells: a state changed, it was reached and its lists are to be read, or one of them again. */
export type UpstreamEvent =
  | { readonly kind: "state"; readonly upstream: string; readonly status: UpstreamStatus }
  | { readonly kind: "reached"; readonly upstream: string }
  | {
      readonly kind: "list_changed";
      readonly upstream: string;
      readonly list: ListKind;
      /** It was a client's session that was told, not the one in which lists are read. */
      readonly inSession?: boolean;
    };

/** All registered upstreams. */
export interface Upstreams {
  names(): readonly string[];
  get(name: string): Upstream | undefined;
  /** Starts, stops and replaces upstreams so that exactly `options` run; unchanged ones keep their connections. */
  apply(options: readonly UpstreamOptions[]): void;
  /** Closes every session of a peer that is gone. */
  release(peerKey: string): void;
  onEvent(listener: (event: UpstreamEvent) => void): () => void;
  /** Ends all connections and child processes; resolves when they are gone. */
  close(): Promise<void>;
}
