import type { UpstreamFault } from "../../core/round.ts";
import type { HttpEndpoint } from "../http/endpoint.ts";
import type { PeerSession } from "../sessions/peer-session.ts";
import type { Connector, ConnectorDeps } from "./connector.ts";
import { establish } from "./establish.ts";
import type { RouteMemory } from "./route-memory.ts";
import type { StateKeeper } from "./state.ts";

/** What reaching an upstream needs, each time. */
export interface ReachDeps
  extends Pick<ConnectorDeps, "options" | "clientInfo" | "timing" | "log" | "now" | "random" | "intake" | "children"> {
  readonly state: StateKeeper;
  /** For upstreams over HTTP. */
  endpoint(): HttpEndpoint | undefined;
  /** The session that lists are read over; it gets every new system connection. */
  system(): PeerSession;
}

export interface ConnectionAttemptsDeps extends ReachDeps, Pick<ConnectorDeps, "channels" | "onStale" | "track"> {
  readonly route: RouteMemory;
  onConnected(connector: Connector): void;
  onFailed(fault: UpstreamFault): void;
  /** What this connector's connections share ended by itself. */
  onLost(connector: Connector, detail: string): void;
  /** After an attempt: a connection ended while it was under way. */
  onLostMeanwhile(detail: string): void;
}

/** Attempts to reach one upstream, one at a time: whoever wants another joins the one under way. */
export class ConnectionAttempts {
  readonly #deps: ConnectionAttemptsDeps;
  #underWay: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #lostMeanwhile: string | undefined;
  #nextId = 1;

  constructor(deps: ConnectionAttemptsDeps) {
    this.#deps = deps;
  }

  get underWay(): Promise<void> | undefined {
    return this.#underWay;
  }

  /** Takes note that a connection ended while an attempt is under way, which may be about to replace it. */
  lostMeanwhile(detail: string): void {
    this.#lostMeanwhile = detail;
  }

  /** Connects, or joins the attempt that is under way. @throws never */
  connect(): Promise<void> {
    clearTimeout(this.#retry);
    this.#deps.state.next(undefined);
    this.#underWay ??= this.#once()
      .catch((err: unknown) => {
        const { options, log, onFailed } = this.#deps;
        // A fault of ours, not of the upstream: it is tried again like any other, and the log has the trace.
        log.error({ upstream: options.name, err }, "Connecting to an upstream failed unexpectedly.");
        const detail = "The gateway failed to connect to it; its log says why.";
        onFailed({ code: "UPSTREAM_UNAVAILABLE", upstream: options.name, detail, executed: "no" });
      })
      .finally(() => {
        this.#underWay = undefined;
        const detail = this.#lostMeanwhile;
        this.#lostMeanwhile = undefined;
        if (detail !== undefined) this.#deps.onLostMeanwhile(detail);
      });
    return this.#underWay;
  }

  /** Connects in `ms`, unless it is tried before, or `stop` is called. */
  later(ms: number): void {
    const { intake, state, now } = this.#deps;
    if (state.phase === "closed") return;
    clearTimeout(this.#retry);
    this.#retry = intake.later(() => intake.own(this.connect()), ms);
    state.next(now() + ms);
  }

  /** Tries no more; what is being connected is closed as soon as it is open. */
  stop(): void {
    clearTimeout(this.#retry);
  }

  async #once(): Promise<void> {
    const { route, state, endpoint, system: systemOf, onConnected, onFailed, onLost, ...shared } = this.#deps;
    const system = systemOf();
    const host = system.newHost();
    let own: Connector | undefined;
    const deps: ConnectorDeps = {
      ...shared,
      nextId: () => this.#nextId++,
      endpoint: endpoint(),
      host,
      capabilities: system.capabilities,
      onLost: (detail) => {
        if (own !== undefined) onLost(own, detail);
      },
      // Why it is not reached should not have to wait until it is given up.
      onNoMessage: (detail) => {
        if (this.#underWay !== undefined) state.trouble("handshake", { detail, next: undefined });
      },
    };
    const result = await establish(deps, route.toTry()).finally(() => state.trouble("handshake", undefined));
    if (state.phase === "closed") {
      if (result.ok) await Promise.all([result.system.close(), result.connector.close()]);
      return;
    }
    if (!result.ok) {
      onFailed(result.fault);
      return;
    }
    own = result.connector;
    onConnected(result.connector);
    system.adopt(result.system);
  }
}
