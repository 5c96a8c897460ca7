import type { RpcError } from "../../core/call.ts";
import type { FaultRound, UpstreamFault } from "../../core/round.ts";
import { LIST_KINDS } from "../../mcp/messages.ts";
import type { EraMemory } from "../era-memory.ts";
import type { Reachability } from "../http/response.ts";
import type { UpstreamEvent } from "../upstream.ts";
import { CircuitBreaker } from "../waiting/circuit-breaker.ts";
import { ConnectionAttempts, type ReachDeps } from "./connection-attempts.ts";
import type { Connector } from "./connector.ts";
import { createEraDoubt, type EraDoubt } from "./era-doubt.ts";
import { createLastAnswer, type LastAnswer } from "./last-answer.ts";
import { isUp } from "./phases.ts";
import { RouteMemory } from "./route-memory.ts";
import { ShutdownTracker } from "./shutdown-tracker.ts";
import type { StateKeeper, UpstreamTrouble } from "./state.ts";

/** What keeping one upstream reached needs. */
export interface SupervisorDeps extends ReachDeps {
  readonly eras: EraMemory | undefined;
  /** As `Upstream.address`. */
  readonly place: string;
  emit(event: UpstreamEvent): void;
  /** The upstream is reached in another way than before: connections made the old way are of no use. */
  onRouteChanged(): void;
}

/**
 * Keeps one upstream reached: connects, notices when it is gone, takes it down after a few failures so that calls are
 * answered at once, and tries again with growing delays until it is back. `phases.ts` has its states and what changes them,
 * `circuit-breaker.ts` when it is enough.
 */
export class Supervisor implements Reachability {
  readonly #deps: SupervisorDeps;
  readonly #state: StateKeeper;
  readonly #breaker: CircuitBreaker;
  readonly #route: RouteMemory;
  readonly #attempts: ConnectionAttempts;
  readonly #shutdowns: ShutdownTracker;
  readonly #lastAnswer: LastAnswer;
  readonly #eraDoubt: EraDoubt;
  /** There in the phases `reading` and `ready`, and kept when it is closed until it has ended. */
  #connector: Connector | undefined;

  constructor(deps: SupervisorDeps) {
    const { options, clientInfo, eras, place, timing, now, random, log, intake, children, state } = deps;
    this.#deps = deps;
    this.#breaker = new CircuitBreaker({ timing, now, random });
    this.#route = new RouteMemory({ options, eras, place, now, ttlMs: timing.eraTtlMs });
    this.#eraDoubt = createEraDoubt(deps.now);
    this.#shutdowns = new ShutdownTracker(options.name, log);
    this.#state = state;
    const trouble = (found: UpstreamTrouble | undefined): void => state.trouble("answers", found);
    const faultOf = (status: number) => deps.endpoint()?.faultOf(status);
    this.#lastAnswer = createLastAnswer({ upstream: options.name, log, now, faultOf, trouble });
    this.#attempts = new ConnectionAttempts({
      ...{ options, clientInfo, timing, log, now, random, intake, children, state },
      route: this.#route,
      channels: this.#shutdowns.channels,
      endpoint: () => deps.endpoint(),
      system: () => deps.system(),
      onConnected: (connector) => this.#onConnected(connector),
      onFailed: (fault) => this.#onConnectFailed(fault),
      onLost: (connector, detail) => {
        if (connector === this.#connector) this.lost(detail);
      },
      onLostMeanwhile: (detail) => {
        if (this.#connector !== undefined) this.lost(detail);
      },
      onStale: () => this.announceLists(),
      track: (shutdown) => this.track(shutdown),
    });
  }

  get connector(): Connector | undefined {
    return this.#connector;
  }

  /** Waits for a first or repeated attempt that is under way; the refusal, if the upstream is not there. */
  async awaitReached(): Promise<FaultRound | undefined> {
    const refusal = this.#state.refusal();
    if (refusal !== undefined) return refusal;
    if (this.#connector === undefined) await this.#attempts.underWay;
    return this.#connector === undefined ? this.#state.notReached() : this.#state.refusal();
  }

  /** The upstream does not speak what it used to: finds out again. */
  async eraLost(detail: string): Promise<void> {
    if (this.#isClosed) return;
    if (this.#attempts.underWay !== undefined) return this.#attempts.underWay;
    if (!this.#eraDoubt.take(this.#route.age)) return;
    this.#deps.log.info({ upstream: this.#name, detail }, "An upstream's protocol era is in doubt; finding out again.");
    this.#route.forget();
    await this.connect();
  }

  /** Finds out again when the era verdict is old. */
  renewVerdict(): void {
    const { options } = this.#deps;
    const aged = this.#connector !== undefined && this.#route.isOld;
    if (aged && options.era === "auto" && options.transport.kind === "http") this.#deps.intake.own(this.connect());
  }

  /** Stops trying; what is being connected is closed as soon as it is open. */
  stop(): void {
    this.#state.stopped();
    this.#attempts.stop();
  }

  /** After `stop`: gives an attempt under way a moment to end, then ends every child that is left. */
  settle(): Promise<void> {
    return this.#shutdowns.settle(this.#attempts.underWay, this.#deps.timing.closeMs);
  }

  /** After `stop` and `settle`: resolves when everything has ended. */
  async ended(): Promise<void> {
    await this.#attempts.underWay;
    await this.#connector?.close();
    await this.#shutdowns.done();
  }

  reached(status: number | undefined): void {
    this.#breaker.connectionAccepted();
    if (status === undefined) return;
    this.#lastAnswer.status(status);
    // What an attempt under way is answered is that one's to judge.
    if (this.#attempts.underWay !== undefined || this.#connector?.route.transport !== "http") return;
    if (this.#eraDoubt.refused(status) && this.#deps.options.era === "auto") {
      this.#deps.intake.own(this.eraLost(`It refused several messages in a row, the last with HTTP ${status}.`));
    }
  }

  /** It answered something that it was asked; `error`: with that, to a call. */
  answered(error?: RpcError): void {
    if (error === undefined) this.#lastAnswer.good();
    else this.#lastAnswer.error(error);
  }

  /** A call or a test of it failed. Where it is not reached at all, the state says why. */
  unanswered(what: "call" | "test", fault: Pick<UpstreamFault, "code" | "detail" | "ours">): void {
    if (!this.#isClosed && this.#connector !== undefined) this.#lastAnswer.bad(what, fault);
  }

  /** Connects, or joins the attempt that is under way. */
  connect(): Promise<void> {
    return this.#attempts.connect();
  }

  get #name(): string {
    return this.#deps.options.name;
  }

  get #isClosed(): boolean {
    return this.#state.phase === "closed";
  }

  #onConnected(connector: Connector): void {
    const { era, transport } = connector.route;
    const before = this.#connector;
    this.#connector = connector;
    this.#breaker.connected();
    const changed = this.#route.learned(connector.route);
    if (before !== undefined) this.track(before.close());
    // Stateless peers move to the new connector at no cost; legacy sessions stay while the route is what it was.
    if (era === "modern" || changed) this.#deps.onRouteChanged();
    this.answered();
    const wasReady = this.#state.phase === "ready" || this.#state.phase === "reconnecting";
    this.#state.reached(connector);
    this.#deps.log.info({ upstream: this.#name, era, transport }, "Connected to an upstream.");
    if (wasReady) this.announceLists();
    else this.#deps.emit({ kind: "reached", upstream: this.#name });
  }

  #onConnectFailed(fault: UpstreamFault): void {
    const { code, detail } = fault;
    const refused = code === "UPSTREAM_REFUSED" ? code : "UPSTREAM_UNAVAILABLE";
    if (code === "UPSTREAM_INVALID") this.#route.forget();
    else this.#route.doubt();
    this.#drop();
    if (this.#breaker.attemptFailed()) this.#state.down(detail, refused);
    else this.#state.lost(detail, refused);
    this.#deps.log.warn({ upstream: this.#name, code, detail }, "An upstream was not reached.");
    this.#retryLater();
  }

  /** The system connection, or what all peers share, ended by itself. */
  lost(detail: string): void {
    if (this.#isClosed) return;
    if (this.#attempts.underWay !== undefined) {
      this.#attempts.lostMeanwhile(detail);
      return;
    }
    this.#deps.log.info({ upstream: this.#name, detail }, "The connection to an upstream ended.");
    this.#drop();
    this.#state.lost(detail);
    const then = this.#breaker.lost();
    if (then === "open") this.#state.down(detail);
    if (then === "reconnect") this.#deps.intake.own(this.connect());
    else this.#retryLater();
  }

  unreachable(detail: string): void {
    const often = this.#breaker.connectionRefused();
    if (!often || !isUp(this.#state.phase)) return;
    this.#deps.log.warn(
      { upstream: this.#name, detail },
      "An upstream does not accept connections; calls to it are refused.",
    );
    this.#breaker.restart();
    this.#takeDown(detail);
  }

  flooded(detail: string): void {
    if (this.#isClosed) return;
    this.#deps.log.warn({ upstream: this.#name, detail }, "An upstream sends what belongs to no answer.");
    this.#state.failed(detail);
    this.faulted(detail);
  }

  /**
   * The gateway failed at something that came from it, or it was far too much. Once may be chance and cost one connection; several in a short time
   * take it down for a while, whatever it is that it sends.
   */
  faulted(detail: string): void {
    if (this.#isClosed || this.#state.phase === "down" || !this.#breaker.faulted()) return;
    this.#deps.log.error({ upstream: this.#name }, "An upstream is taken down for what it sends.");
    this.#takeDown(detail);
    this.#deps.onRouteChanged();
  }

  #takeDown(detail: string): void {
    this.#drop();
    this.#state.down(detail);
    this.track(this.#deps.system().disconnect());
    this.#retryLater();
  }

  #drop(): void {
    const connector = this.#connector;
    this.#connector = undefined;
    if (connector !== undefined) this.track(connector.close());
  }

  #retryLater(): void {
    this.#attempts.later(this.#breaker.delay());
  }

  /** Has all lists read again. */
  announceLists(): void {
    for (const list of LIST_KINDS) this.#deps.emit({ kind: "list_changed", upstream: this.#name, list });
  }

  /** Waits for something to end when everything is closed. */
  track(shutdown: Promise<void>): void {
    this.#shutdowns.track(shutdown);
  }
}
