import type { ClientPeer } from "../../core/call.ts";
import type { CallEnder } from "../../core/cancellation.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import type { FaultRound, UpstreamFault } from "../../core/round.ts";
import type { JsonLimits } from "../../core/scan-json.ts";
import { Shares } from "../../core/shares.ts";
import type { ListKind } from "../../mcp/messages.ts";
import type { AddressRules } from "../addresses/address-rules.ts";
import type { EraMemory } from "../era-memory.ts";
import { HttpEndpoint } from "../http/endpoint.ts";
import { createMask } from "../link/mask.ts";
import { createIntake, type Intake } from "../messages/intake.ts";
import type { Children } from "../process/children.ts";
import type { ConnectionHost, Opened } from "../protocol/connection.ts";
import { createState, type StateKeeper } from "../reaching/state.ts";
import { Supervisor } from "../reaching/supervisor.ts";
import { PeerSession } from "../sessions/peer-session.ts";
import type { SessionOwner } from "../sessions/session-owner.ts";
import { SessionPool } from "../sessions/session-pool.ts";
import { backoffDelay, type UpstreamTiming } from "../timing.ts";
import type {
  ListAnswer,
  Upstream,
  UpstreamEvent,
  UpstreamLoad,
  UpstreamOptions,
  UpstreamSession,
  UpstreamStatus,
} from "../upstream.ts";
import { fingerprintOf, placeOf } from "./fingerprint.ts";
import { Leave } from "./leave.ts";
import { ListReader } from "./list-reader.ts";
import { Requests } from "./requests.ts";
import { SessionOpener } from "./session-opener.ts";
import { systemPeer } from "./system-peer.ts";

export interface ManagedUpstreamDeps {
  readonly options: UpstreamOptions;
  readonly clientInfo: JsonObject;
  readonly timing: UpstreamTiming;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
  /** For upstreams that are confined. */
  readonly addresses: AddressRules;
  readonly children: Children;
  readonly eras: EraMemory | undefined;
  readonly keepsLists: boolean;
  /** What its messages may be. Default: `JSON_LIMITS`. */
  readonly json?: JsonLimits | undefined;
  emit(event: UpstreamEvent): void;
}

/** One registered upstream: keeps it reached, hands out sessions, and answers at once while it is down. */
export class ManagedUpstream implements Upstream, SessionOwner<PeerSession> {
  readonly name: string;
  readonly address: string;
  readonly place: string;
  readonly timeoutMs: number;
  readonly log: Log;
  readonly options: UpstreamOptions;
  readonly calls: Shares;
  readonly intake: Intake;
  readonly #deps: ManagedUpstreamDeps;
  readonly #state: StateKeeper;
  readonly #supervisor: Supervisor;
  readonly #endpoint: HttpEndpoint | undefined;
  readonly #pool: SessionPool;
  readonly #system: PeerSession;
  readonly #opener: SessionOpener;
  readonly #lists: ListReader;
  readonly #requests: Requests;
  readonly #leave = new Leave(() => this.#pool.load().inFlight + this.#system.inFlight);

  constructor(deps: ManagedUpstreamDeps) {
    const { options, timing } = deps;
    this.#deps = deps;
    this.options = options;
    this.name = options.name;
    this.address = fingerprintOf(options.transport);
    this.place = placeOf(options);
    this.timeoutMs = options.timeoutMs;
    this.log = deps.log;
    this.calls = new Shares(timing.maxConnections, timing.maxWaiting);
    this.intake = createIntake({
      upstream: options.name,
      log: deps.log,
      limits: deps.json,
      mask: createMask(options.transport),
      now: deps.now,
      onFault: (detail) => this.#supervisor.faulted(detail),
    });
    this.#state = createState(deps);
    this.#supervisor = new Supervisor({
      ...deps,
      state: this.#state,
      intake: this.intake,
      place: this.address,
      endpoint: () => this.#endpoint,
      system: () => this.#system,
      onRouteChanged: () => this.#pool.renewAll(),
    });
    const { transport, maxResponseBytes, idleMs, maxSessions } = options;
    this.#endpoint =
      transport.kind === "stdio"
        ? undefined
        : new HttpEndpoint({
            url: transport.url,
            headers: transport.headers,
            removedHeaders: transport.removedHeaders,
            maxResponseBytes,
            timing,
            reachability: this.#supervisor,
            intake: this.intake,
            addresses: options.confined === true ? deps.addresses : undefined,
          });
    this.#requests = new Requests({ ...deps, leave: this.#leave, supervisor: this.#supervisor, state: this.#state });
    const { maxPeers, maxWaiting, roomMs } = timing;
    this.#pool = new SessionPool({ owner: this, idleMs, maxSessions, maxPeers, maxWaiting, waitMs: roomMs });
    this.#system = new PeerSession(this, systemPeer(options.isolation === "shared"), (detail) =>
      this.#supervisor.lost(detail),
    );
    this.#opener = new SessionOpener({
      ...{ upstream: options.name, maxSessions },
      ...{ supervisor: this.#supervisor, state: this.#state, pool: this.#pool, system: this.#system },
    });
    this.#lists = new ListReader({
      ...deps,
      intake: this.intake,
      state: this.#state,
      session: this.#system,
      onAnswered: () => this.#supervisor.answered(),
      onDue: (kind) => this.listChanged(kind),
    });
  }

  /** Reaches the upstream for the first time, in the background. */
  start(): void {
    const { skipped } = this.options;
    if (skipped === undefined) this.intake.own(this.#supervisor.connect());
    else this.#state.down(skipped);
  }

  status(): UpstreamStatus {
    return this.#state.status();
  }

  load(): UpstreamLoad {
    return this.options.isolation === "session" ? this.#pool.load() : this.#system.load();
  }

  async list(kind: ListKind): Promise<ListAnswer> {
    const refusal = await this.#supervisor.awaitReached();
    return refusal === undefined ? this.#lists.read(kind) : { ok: false, fault: refusal.fault };
  }

  listsRead(): void {
    this.#state.listsRead();
  }

  tested(failure: Pick<UpstreamFault, "code" | "detail" | "ours"> | undefined): void {
    if (this.options.skipped !== undefined) return;
    if (failure !== undefined) {
      this.#supervisor.unanswered("test", failure);
      return;
    }
    this.#supervisor.answered();
    if (this.#supervisor.connector !== undefined) this.#supervisor.announceLists();
    else this.intake.own(this.#supervisor.connect());
  }

  session(peer: ClientPeer): UpstreamSession {
    const session = this.options.isolation === "session" ? this.#pool.get(peer) : this.#system;
    return {
      request: (request) => this.#requests.send(session, peer.holder, request),
      notify: (notification) => session.notify(notification),
      subscribe: async (uri, onUpdated) => {
        const answer = await session.subscribe(uri, onUpdated);
        if (!answer.ok && "fault" in answer) this.#supervisor.unanswered("call", answer.fault);
        return answer;
      },
    };
  }

  /** Closes a peer's sessions. */
  release(peerKey: string): void {
    this.#supervisor.track(this.#pool.release(peerKey));
  }

  /** What is due now and then: idle sessions, an old era verdict. */
  maintain(): void {
    this.#pool.reap(this.#deps.now());
    this.#supervisor.renewVerdict();
  }

  /** Closes once no call is in flight; see `Leave.lastCall`. */
  retire(graceMs: number, now: Promise<void>): Promise<void> {
    const close = (): Promise<void> => this.close("UPSTREAM_CHANGED");
    return this.#leave.lastCall(graceMs, now)?.then(close) ?? close();
  }

  async close(by: CallEnder): Promise<void> {
    this.#leave.take(by);
    this.#requests.close();
    this.#supervisor.stop();
    this.#lists.close();
    // All at once: what will not end may take its time, and there is one time for all of it.
    await Promise.all([this.#pool.close(), this.#system.release(), this.#supervisor.settle()]);
    await this.#endpoint?.destroy();
    await this.#supervisor.ended();
  }

  now(): number {
    return this.#deps.now();
  }

  delay(attempt: number): number {
    return backoffDelay(this.#deps.timing, attempt, this.#deps.random);
  }

  refusal(): FaultRound | undefined {
    return this.#state.refusal();
  }

  listChanged(list: ListKind, session = this.#system): void {
    this.#deps.emit({ kind: "list_changed", upstream: this.name, list, inSession: session !== this.#system });
  }

  eraLost(detail: string): Promise<void> {
    return this.#supervisor.eraLost(detail);
  }

  open(session: PeerSession, host: ConnectionHost): Promise<Opened> {
    return this.#opener.open(session, host);
  }

  freed(): void {
    this.#pool.freed();
    this.#leave.freed();
  }
}
