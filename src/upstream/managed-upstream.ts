import type { ClientPeer } from "../core/call.ts";
import { isObject, type JsonObject } from "../core/json.ts";
import type { Log } from "../core/log.ts";
import type { FaultRound, UpstreamFault } from "../core/round.ts";
import { LIST_METHODS, type ListKind } from "../mcp/messages.ts";
import type { ConnectionHost, Opened } from "./connection.ts";
import { type Connector, type ConnectorDeps, establish, type Route } from "./connector.ts";
import { faultRound } from "./fault.ts";
import { HttpEndpoint } from "./http-endpoint.ts";
import { PeerSession, type SessionOwner } from "./peer-session.ts";
import { LIST_CAPABILITY, readList } from "./read-list.ts";
import { SessionPool } from "./session-pool.ts";
import { createState, type StateKeeper } from "./state.ts";
import { backoffDelay, type UpstreamTiming } from "./timing.ts";
import type {
  ListAnswer,
  Upstream,
  UpstreamEvent,
  UpstreamOptions,
  UpstreamSession,
  UpstreamStatus,
} from "./upstream.ts";

export interface ManagedUpstreamDeps {
  readonly options: UpstreamOptions;
  readonly clientInfo: JsonObject;
  readonly timing: UpstreamTiming;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
  emit(event: UpstreamEvent): void;
}

/** A connection that broke sooner than this after it was made counts as another failure. */
const STABLE_MS = 10_000;
/** A doubted era verdict is looked into at most this often. */
const REPROBE_MS = 1_000;

const SYSTEM_PEER: ClientPeer = {
  key: "portcullis:system",
  capabilities: {},
  request: () => Promise.resolve({ ok: false, error: { code: -32601, message: "Method not found" } }),
  notify() {},
};

/** One registered upstream: keeps it reached, hands out sessions, and answers at once while it is down. */
export class ManagedUpstream implements Upstream, SessionOwner {
  readonly name: string;
  readonly timeoutMs: number;
  readonly log: Log;
  readonly options: UpstreamOptions;
  readonly #deps: ManagedUpstreamDeps;
  readonly #state: StateKeeper;
  readonly #endpoint: HttpEndpoint | undefined;
  readonly #pool: SessionPool;
  readonly #system: PeerSession;
  /** Things that end on their own and are waited for at the end. */
  readonly #endings = new Set<Promise<void>>();
  #connector: Connector | undefined;
  #connecting: Promise<void> | undefined;
  #route: Route | undefined;
  #routeAt = 0;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #unreachable = 0;
  #connectedAt = 0;
  #nextId = 1;
  #closed = false;

  constructor(deps: ManagedUpstreamDeps) {
    const { options, timing } = deps;
    this.#deps = deps;
    this.options = options;
    this.name = options.name;
    this.timeoutMs = options.timeoutMs;
    this.log = deps.log;
    this.#state = createState({ options, now: deps.now, emit: deps.emit });
    const { transport, maxResponseBytes } = options;
    const reachability = {
      reached: () => {
        this.#unreachable = 0;
      },
      unreachable: (detail: string) => this.#onUnreachable(detail),
    };
    this.#endpoint =
      transport.kind === "stdio"
        ? undefined
        : new HttpEndpoint({ url: transport.url, headers: transport.headers, maxResponseBytes, timing, reachability });
    const { idleMs, maxSessions } = options;
    this.#pool = new SessionPool({ owner: this, idleMs, maxSessions, maxPeers: timing.maxPeers });
    this.#system = new PeerSession(this, SYSTEM_PEER, (detail) => this.#onLost(detail));
  }

  /** Reaches the upstream for the first time, in the background. */
  start(): void {
    void this.#connect();
  }

  status(): UpstreamStatus {
    return this.#state.status();
  }

  async list(kind: ListKind): Promise<ListAnswer> {
    const { options, timing, log } = this.#deps;
    const refusal = await this.#awaitReached();
    if (refusal !== undefined) return { ok: false, fault: refusal.fault };
    const capability = this.status().capabilities[LIST_CAPABILITY[kind]];
    if (!isObject(capability)) return { ok: true, items: [] };
    const limits = { timeoutMs: options.timeoutMs, maxPages: timing.maxListPages, maxItems: timing.maxListItems };
    return readList(kind, { upstream: this.name, session: this.#system, log, ...limits });
  }

  session(peer: ClientPeer): UpstreamSession {
    return this.options.isolation === "shared" ? this.#system : this.#pool.get(peer);
  }

  /** Closes a peer's sessions. */
  release(peerKey: string): void {
    this.#track(this.#pool.release(peerKey));
  }

  /** What is due now and then: idle sessions, an old era verdict. */
  maintain(): void {
    const now = this.#deps.now();
    this.#pool.reap(now);
    const aged = this.#connector !== undefined && now - this.#routeAt >= this.#deps.timing.eraTtlMs;
    if (aged && this.options.era === "auto" && this.options.transport.kind === "http") void this.#connect();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await Promise.all([this.#pool.close(), this.#system.release()]);
    await this.#connecting;
    await this.#connector?.close();
    await Promise.all(this.#endings);
    await this.#endpoint?.destroy();
  }

  now(): number {
    return this.#deps.now();
  }

  delay(attempt: number): number {
    return backoffDelay(this.#deps.timing, attempt, this.#deps.random);
  }

  refusal(): FaultRound | undefined {
    if (this.#closed) return faultRound(this.name, "UPSTREAM_UNAVAILABLE", "no", "It is no longer registered.");
    if (this.#state.current !== "down") return undefined;
    return faultRound(this.name, "UPSTREAM_UNAVAILABLE", "no", this.#state.lastError ?? "It is down.");
  }

  listChanged(list: ListKind): void {
    this.#deps.emit({ kind: "list_changed", upstream: this.name, list });
  }

  async open(session: PeerSession, host: ConnectionHost): Promise<Opened> {
    const refusal = await this.#awaitReached();
    if (refusal !== undefined) return { ok: false, fault: refusal.fault };
    const connector = this.#connector;
    if (connector === undefined) return { ok: false, fault: this.#notReached().fault };
    if (connector.route.era === "legacy" && session !== this.#system && !this.#pool.reserve(session)) {
      const detail = `All ${this.options.maxSessions} sessions with it are in use. Raise its limit, or wait.`;
      return { ok: false, fault: { code: "UPSTREAM_BUSY", upstream: this.name, detail, executed: "no" } };
    }
    const opened = await connector.open(session.capabilities, host);
    // A system connection that had to be opened again may have missed changes.
    if (session === this.#system && opened.ok) this.#announceLists();
    return opened;
  }

  async eraLost(detail: string): Promise<void> {
    if (this.#closed || this.#deps.now() - this.#routeAt < REPROBE_MS) return;
    this.log.info({ upstream: this.name, detail }, "An upstream's protocol era is in doubt; finding out again.");
    this.#route = undefined;
    await this.#connect();
  }

  /** Waits for a first or repeated attempt that is under way; the refusal, if the upstream is not there. */
  async #awaitReached(): Promise<FaultRound | undefined> {
    const refusal = this.refusal();
    if (refusal !== undefined) return refusal;
    if (this.#connector === undefined) await this.#connecting;
    return this.#connector === undefined ? this.#notReached() : this.refusal();
  }

  #notReached(): FaultRound {
    return faultRound(this.name, "UPSTREAM_UNAVAILABLE", "no", this.#state.lastError ?? "It was not reached yet.");
  }

  #connect(): Promise<void> {
    clearTimeout(this.#retry);
    this.#connecting ??= this.#establish()
      .catch((err: unknown) => {
        // A fault of ours, not of the upstream: it is tried again like any other, and the log has the trace.
        this.log.error({ upstream: this.name, err }, "Connecting to an upstream failed unexpectedly.");
        const detail = "The gateway failed to connect to it; its log says why.";
        this.#onConnectFailed({ code: "UPSTREAM_UNAVAILABLE", upstream: this.name, detail, executed: "no" });
      })
      .finally(() => {
        this.#connecting = undefined;
      });
    return this.#connecting;
  }

  async #establish(): Promise<void> {
    const { timing, options, clientInfo, log, now, random } = this.#deps;
    const fresh = now() - this.#routeAt < timing.eraTtlMs;
    const host = this.#system.newHost();
    let own: Connector | undefined;
    const deps: ConnectorDeps = {
      options,
      clientInfo,
      timing,
      log,
      now,
      random,
      nextId: () => this.#nextId++,
      endpoint: this.#endpoint,
      host,
      onLost: (detail) => {
        if (own !== undefined && own === this.#connector) this.#onLost(detail);
      },
      onStale: () => this.#announceLists(),
      track: (ending) => this.#track(ending),
    };
    const result = await establish(deps, fresh ? this.#route : undefined);
    if (this.#closed) {
      if (result.ok) await Promise.all([result.system.close(), result.connector.close()]);
      return;
    }
    if (!result.ok) {
      this.#onConnectFailed(result.fault);
      return;
    }
    own = result.connector;
    this.#onConnected(result.connector);
    this.#system.adopt(result.system);
    if (!host.live) this.#onLost("Its connection ended at once.");
  }

  #onConnected(connector: Connector): void {
    const before = this.#connector;
    const known = this.#route;
    this.#connector = connector;
    this.#route = connector.route;
    this.#routeAt = this.#deps.now();
    this.#connectedAt = this.#routeAt;
    this.#unreachable = 0;
    if (before !== undefined) this.#track(before.close());
    // Stateless peers move to the new connector at no cost; legacy sessions stay while the route is what it was.
    const { era, transport } = connector.route;
    if (era === "modern" || (known !== undefined && (known.era !== era || known.transport !== transport))) {
      this.#pool.renewAll();
    }
    const wasReady = this.#state.current === "ready";
    this.#state.ready(connector);
    this.log.info({ upstream: this.name, era, transport }, "Connected to an upstream.");
    if (wasReady) this.#announceLists();
  }

  #onConnectFailed(fault: UpstreamFault): void {
    this.#failures++;
    // What was known of it may be what makes it fail.
    if (fault.code === "UPSTREAM_INVALID") this.#route = undefined;
    if (this.#connector !== undefined) {
      this.#track(this.#connector.close());
      this.#connector = undefined;
    }
    if (this.#failures >= this.#deps.timing.breakerFailures) this.#state.down(fault.detail);
    else this.#state.failed(fault.detail);
    this.log.warn({ upstream: this.name, code: fault.code, detail: fault.detail }, "An upstream was not reached.");
    this.#retryLater();
  }

  // The system connection (or what all peers share) ended by itself.
  #onLost(detail: string): void {
    if (this.#closed || this.#connecting !== undefined) return;
    this.log.info({ upstream: this.name, detail }, "The connection to an upstream ended.");
    const lasted = this.#deps.now() - this.#connectedAt >= STABLE_MS;
    this.#failures = lasted ? 0 : this.#failures + 1;
    const connector = this.#connector;
    this.#connector = undefined;
    if (connector !== undefined) this.#track(connector.close());
    this.#state.failed(detail);
    if (this.#failures <= 1) void this.#connect();
    else {
      if (this.#failures >= this.#deps.timing.breakerFailures) this.#state.down(detail);
      this.#retryLater();
    }
  }

  #onUnreachable(detail: string): void {
    this.#unreachable++;
    if (this.#state.current !== "ready" || this.#unreachable < this.#deps.timing.breakerFailures) return;
    this.log.warn({ upstream: this.name, detail }, "An upstream does not accept connections; calls to it are refused.");
    this.#failures = 0;
    const connector = this.#connector;
    this.#connector = undefined;
    if (connector !== undefined) this.#track(connector.close());
    this.#state.down(detail);
    this.#track(this.#system.disconnect());
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), this.delay(Math.max(0, this.#failures - 1)));
  }

  #announceLists(): void {
    for (const list of Object.keys(LIST_METHODS)) if (isListKind(list)) this.listChanged(list);
  }

  #track(ending: Promise<void>): void {
    const tracked = ending
      .catch((err: unknown) => this.log.error({ upstream: this.name, err }, "Closing a connection failed."))
      .finally(() => this.#endings.delete(tracked));
    this.#endings.add(tracked);
  }
}

function isListKind(value: string): value is ListKind {
  return Object.hasOwn(LIST_METHODS, value);
}
