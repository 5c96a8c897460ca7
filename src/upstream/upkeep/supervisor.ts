import type { JsonObject } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import type { FaultRound, UpstreamFault } from "../../core/round.ts";
import { LIST_METHODS, type ListKind } from "../../mcp/messages.ts";
import type { EraMemory } from "../era-memory.ts";
import type { HttpEndpoint } from "../http/endpoint.ts";
import type { Reachability } from "../http/response.ts";
import { faultRound } from "../messages/fault.ts";
import type { Intake } from "../messages/intake.ts";
import type { Children } from "../process/children.ts";
import type { PeerSession } from "../sessions/peer-session.ts";
import { backoffDelay, type UpstreamTiming } from "../timing.ts";
import type { UpstreamEvent, UpstreamOptions, UpstreamStatus } from "../upstream.ts";
import { createFlood, type Flood, type FloodLimits } from "../waiting/flood.ts";
import { STABLE_MS } from "../waiting/row-of-attempts.ts";
import { type Connector, type ConnectorDeps, establish, type UpstreamRoute } from "./connector.ts";
import { createLastAnswer, type LastAnswer } from "./last-answer.ts";
import { ShutdownTracker } from "./shutdown-tracker.ts";
import { createState, type StateKeeper, type UpstreamTrouble } from "./state.ts";

/** What keeping one upstream reached needs. */
export interface SupervisorDeps {
  readonly options: UpstreamOptions;
  readonly clientInfo: JsonObject;
  readonly timing: UpstreamTiming;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
  readonly intake: Intake;
  readonly children: Children;
  readonly eras: EraMemory | undefined;
  /** As `UpstreamsDeps.keepsLists`. */
  readonly keepsLists: boolean;
  /** As `Upstream.place`. */
  readonly place: string;
  emit(event: UpstreamEvent): void;
  /** For upstreams over HTTP. */
  endpoint(): HttpEndpoint | undefined;
  /** The session that lists are read over; it gets every new system connection. */
  system(): PeerSession;
  /** The upstream is reached in another way than before: connections made the old way are of no use. */
  onRouteChanged(): void;
}

/** Faults at what an upstream sends that cost it no more than the connection in hand. */
const FAULTS: FloodLimits = { burst: 2, perSecond: 1 / 60 };
/** A doubted era verdict is looked into at most this often. */
const REPROBE_MS = 1_000;

/**
 * Keeps one upstream reached: connects, notices when it is gone, takes it down after a few failures so that calls are
 * answered at once, and tries again with growing delays until it is back.
 */
export class Supervisor implements Reachability {
  readonly #deps: SupervisorDeps;
  readonly #state: StateKeeper;
  readonly #endings: ShutdownTracker;
  readonly #faults: Flood;
  readonly #lastAnswer: LastAnswer;
  #connector: Connector | undefined;
  #connecting: Promise<void> | undefined;
  #route: UpstreamRoute | undefined;
  #routeAt = 0;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #unreachable = 0;
  #connectedAt = 0;
  #nextId = 1;
  /** It ended while another attempt was under way. */
  #lostMeanwhile: string | undefined;
  #closed = false;
  /** What earlier starts learned may be what makes it fail. */
  #doubted = false;
  /** What calls are refused with while it is not reached. */
  #code: UpstreamFault["code"] = "UPSTREAM_UNAVAILABLE";

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
    this.#faults = createFlood(deps.now, FAULTS);
    this.#endings = new ShutdownTracker(deps.options.name, deps.log);
    const { options, keepsLists, now, log } = deps;
    this.#state = createState({ options, keepsLists, now, emit: (event) => deps.emit(event) });
    const trouble = (found: UpstreamTrouble | undefined): void => this.#state.trouble("answers", found);
    this.#lastAnswer = createLastAnswer({ upstream: options.name, log, now, trouble });
  }

  get connector(): Connector | undefined {
    return this.#connector;
  }

  status(): UpstreamStatus {
    return this.#state.status();
  }

  /** The answer to every call while the upstream is down. */
  refusal(): FaultRound | undefined {
    if (this.#closed) return faultRound(this.#name, "UPSTREAM_UNAVAILABLE", "no", "It is no longer registered.");
    if (this.#state.current !== "down") return undefined;
    return faultRound(this.#name, this.#code, "no", this.#state.lastError ?? "It is down.");
  }

  /** Waits for a first or repeated attempt that is under way; the refusal, if the upstream is not there. */
  async awaitReached(): Promise<FaultRound | undefined> {
    const refusal = this.refusal();
    if (refusal !== undefined) return refusal;
    if (this.#connector === undefined) await this.#connecting;
    return this.#connector === undefined ? this.notReached() : this.refusal();
  }

  /** The fault for whoever needs a connection while there is none. */
  notReached(): FaultRound {
    return faultRound(this.#name, this.#code, "no", this.#state.lastError ?? "It was not reached yet.");
  }

  /** The upstream does not speak what it used to: finds out again. */
  async eraLost(detail: string): Promise<void> {
    if (this.#closed || this.#deps.now() - this.#routeAt < REPROBE_MS) return;
    this.#deps.log.info({ upstream: this.#name, detail }, "An upstream's protocol era is in doubt; finding out again.");
    this.#route = undefined;
    this.#doubted = true;
    await this.connect();
  }

  /** Finds out again when the era verdict is old. */
  renewVerdict(now: number): void {
    const { options, timing } = this.#deps;
    const aged = this.#connector !== undefined && now - this.#routeAt >= timing.eraTtlMs;
    if (aged && options.era === "auto" && options.transport.kind === "http") this.#deps.intake.own(this.connect());
  }

  listChanged(list: ListKind): void {
    this.#deps.emit({ kind: "list_changed", upstream: this.#name, list });
  }

  /** Its lists were read, or it is known why not: it is ready, unless its connection has ended meanwhile. */
  listsRead(): void {
    if (this.#connector !== undefined) this.#state.listsRead();
  }

  /** Has every call refused, and never tries. */
  skip(why: string): void {
    this.#state.down(why);
  }

  /** Stops trying; what is being connected is closed as soon as it is open. */
  stop(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
  }

  /** After `stop`: gives an attempt under way a moment to end, then ends every child that is left. */
  settle(): Promise<void> {
    return this.#endings.settle(this.#connecting, this.#deps.timing.closeMs);
  }

  /** After `stop` and `settle`: resolves when everything has ended. */
  async ended(): Promise<void> {
    await this.#connecting;
    await this.#connector?.close();
    await this.#endings.done();
  }

  reached(status: number | undefined): void {
    this.#unreachable = 0;
    if (status !== undefined) this.#lastAnswer.status(status);
  }

  /** It answered something that it was asked. */
  answered(): void {
    this.#lastAnswer.good();
  }

  /** A call or a test of it failed. Where it is not reached at all, the state says why. */
  unanswered(what: "call" | "test", fault: Pick<UpstreamFault, "code" | "detail" | "ours">): void {
    if (!this.#closed && this.#connector !== undefined) this.#lastAnswer.bad(what, fault);
  }

  /** Lists of it could not be read although it is reached; `undefined`: they could. */
  listTrouble(trouble: UpstreamTrouble | undefined): void {
    this.#state.trouble("lists", trouble);
  }

  /** Connects, or joins the attempt that is under way. */
  connect(): Promise<void> {
    clearTimeout(this.#retry);
    this.#state.next(undefined);
    this.#connecting ??= this.#establish()
      .catch((err: unknown) => {
        // A fault of ours, not of the upstream: it is tried again like any other, and the log has the trace.
        this.#deps.log.error({ upstream: this.#name, err }, "Connecting to an upstream failed unexpectedly.");
        const detail = "The gateway failed to connect to it; its log says why.";
        this.#onConnectFailed({ code: "UPSTREAM_UNAVAILABLE", upstream: this.#name, detail, executed: "no" });
      })
      .finally(() => {
        this.#connecting = undefined;
        const detail = this.#lostMeanwhile;
        this.#lostMeanwhile = undefined;
        if (detail !== undefined && this.#connector !== undefined) this.lost(detail);
      });
    return this.#connecting;
  }

  get #name(): string {
    return this.#deps.options.name;
  }

  #delay(attempt: number): number {
    return backoffDelay(this.#deps.timing, attempt, this.#deps.random);
  }

  async #establish(): Promise<void> {
    const { timing, options, clientInfo, log, now, random, intake, children } = this.#deps;
    const fresh = now() - this.#routeAt < timing.eraTtlMs;
    const system = this.#deps.system();
    const host = system.newHost();
    let own: Connector | undefined;
    const deps: ConnectorDeps = {
      options,
      clientInfo,
      timing,
      log,
      now,
      random,
      intake,
      children,
      nextId: () => this.#nextId++,
      endpoint: this.#deps.endpoint(),
      host,
      capabilities: system.capabilities,
      onLost: (detail) => {
        if (own !== undefined && own === this.#connector) this.lost(detail);
      },
      // Why it is not reached should not have to wait until it is given up.
      onNoMessage: (detail) => {
        if (this.#connecting !== undefined) this.#state.trouble("handshake", { detail, next: undefined });
      },
      onStale: () => this.announceLists(),
      track: (ending) => this.track(ending),
      channels: this.#endings.channels,
    };
    const found = establish(deps, fresh ? this.#route : this.#recalled());
    const result = await found.finally(() => this.#state.trouble("handshake", undefined));
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
    system.adopt(result.system);
  }

  /** What an earlier start learned. Only programs would be started twice to find out; what one answers is held against it. */
  #recalled(): UpstreamRoute | undefined {
    const { options, eras, place } = this.#deps;
    if (options.transport.kind !== "stdio" || options.era !== "auto" || this.#doubted) return undefined;
    const era = eras?.recall(options.name, place);
    return era === undefined ? undefined : { transport: "stdio", era };
  }

  #onConnected(connector: Connector): void {
    this.#doubted = false;
    const { options: given, eras, place } = this.#deps;
    if (given.transport.kind === "stdio" && given.era === "auto") eras?.learned(given.name, place, connector.route.era);
    const before = this.#connector;
    const known = this.#route;
    this.#connector = connector;
    this.#route = connector.route;
    this.#routeAt = this.#deps.now();
    this.#connectedAt = this.#routeAt;
    this.#unreachable = 0;
    if (before !== undefined) this.track(before.close());
    // Stateless peers move to the new connector at no cost; legacy sessions stay while the route is what it was.
    const { era, transport } = connector.route;
    if (era === "modern" || (known !== undefined && (known.era !== era || known.transport !== transport))) {
      this.#deps.onRouteChanged();
    }
    this.answered();
    const wasReady = this.#state.current === "ready";
    this.#state.reached(connector);
    this.#deps.log.info({ upstream: this.#name, era, transport }, "Connected to an upstream.");
    if (wasReady) this.announceLists();
    else this.#deps.emit({ kind: "reached", upstream: this.#name });
  }

  #onConnectFailed(fault: UpstreamFault): void {
    this.#failures++;
    this.#code = fault.code === "UPSTREAM_REFUSED" ? fault.code : "UPSTREAM_UNAVAILABLE";
    // What was known of it may be what makes it fail.
    if (fault.code === "UPSTREAM_INVALID") this.#route = undefined;
    this.#doubted = true;
    if (this.#connector !== undefined) {
      this.track(this.#connector.close());
      this.#connector = undefined;
    }
    if (this.#failures >= this.#deps.timing.breakerFailures) this.#state.down(fault.detail);
    else this.#state.failed(fault.detail);
    this.#deps.log.warn(
      { upstream: this.#name, code: fault.code, detail: fault.detail },
      "An upstream was not reached.",
    );
    this.#retryLater();
  }

  /** The system connection, or what all peers share, ended by itself. */
  lost(detail: string): void {
    if (this.#closed) return;
    if (this.#connecting !== undefined) {
      this.#lostMeanwhile = detail;
      return;
    }
    this.#deps.log.info({ upstream: this.#name, detail }, "The connection to an upstream ended.");
    const lasted = this.#deps.now() - this.#connectedAt >= STABLE_MS;
    this.#failures = lasted ? 0 : this.#failures + 1;
    const connector = this.#connector;
    this.#connector = undefined;
    this.#code = "UPSTREAM_UNAVAILABLE";
    if (connector !== undefined) this.track(connector.close());
    this.#state.failed(detail);
    if (this.#failures <= 1) this.#deps.intake.own(this.connect());
    else {
      if (this.#failures >= this.#deps.timing.breakerFailures) this.#state.down(detail);
      this.#retryLater();
    }
  }

  unreachable(detail: string): void {
    this.#unreachable++;
    const { current } = this.#state;
    const up = current === "ready" || (current === "connecting" && this.#connector !== undefined);
    if (!up || this.#unreachable < this.#deps.timing.breakerFailures) return;
    this.#deps.log.warn(
      { upstream: this.#name, detail },
      "An upstream does not accept connections; calls to it are refused.",
    );
    this.#failures = 0;
    this.#takeDown(detail);
  }

  flooded(detail: string): void {
    if (this.#closed) return;
    this.#deps.log.warn({ upstream: this.#name, detail }, "An upstream sends what belongs to no answer.");
    this.#state.failed(detail);
    this.faulted(detail);
  }

  /**
   * The gateway failed at something that came from it, or it was far too much. Once may be chance and cost one connection; several in a short time
   * take it down for a while, whatever it is that it sends.
   */
  faulted(detail: string): void {
    if (this.#closed || this.#state.current === "down" || this.#faults.take()) return;
    this.#failures++;
    this.#deps.log.error({ upstream: this.#name }, "An upstream is taken down for what it sends.");
    this.#takeDown(detail);
    this.#deps.onRouteChanged();
  }

  #takeDown(detail: string): void {
    this.#code = "UPSTREAM_UNAVAILABLE";
    const connector = this.#connector;
    this.#connector = undefined;
    if (connector !== undefined) this.track(connector.close());
    this.#state.down(detail);
    this.track(this.#deps.system().disconnect());
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#closed) return;
    clearTimeout(this.#retry);
    const { intake } = this.#deps;
    const connect = (): void => intake.own(this.connect());
    const ms = this.#delay(Math.max(0, this.#failures - 1));
    this.#retry = intake.later(connect, ms);
    this.#state.next(this.#deps.now() + ms);
  }

  /** Has all lists read again. */
  announceLists(): void {
    for (const list of Object.keys(LIST_METHODS)) if (isListKind(list)) this.listChanged(list);
  }

  /** Waits for something to end when everything is closed. */
  track(ending: Promise<void>): void {
    this.#endings.track(ending);
  }
}

function isListKind(value: string): value is ListKind {
  return Object.hasOwn(LIST_METHODS, value);
}
