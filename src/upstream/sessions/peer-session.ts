import type { ClientPeer, Era, Notification } from "../../core/call.ts";
import type { JsonObject } from "../../core/json.ts";
import type { FaultRound, Round, UpstreamFault } from "../../core/round.ts";
import type { ListKind } from "../../mcp/messages.ts";
import { withoutInputRequests } from "../../mcp/missing-capability.ts";
import { faultRound } from "../messages/fault.ts";
import { CallsInFlight } from "../protocol/calls-in-flight.ts";
import type { Connection, ConnectionHost, Lost, RequestAttempt, SubscribeAnswer } from "../protocol/connection.ts";
import { lostRound } from "../protocol/lost-round.ts";
import { Subscriptions } from "../protocol/subscriptions.ts";
import type { Subscription, UpstreamLoad, UpstreamRequest, UpstreamSession } from "../upstream.ts";
import { waitFor } from "../waiting/wait-for.ts";
import { SessionConnection } from "./session-connection.ts";
import type { SessionOwner } from "./session-owner.ts";

const LIST_CHANGED: ReadonlyMap<string, readonly ListKind[]> = new Map([
  ["notifications/tools/list_changed", ["tools"]],
  ["notifications/prompts/list_changed", ["prompts"]],
  ["notifications/resources/list_changed", ["resources", "resourceTemplates"]],
]);

/** They name a request by an id of this session, which means nothing, or something else, to the client. */
const CALL_BOUND = new Set(["notifications/progress", "notifications/cancelled"]);

/** One peer's side of one upstream, over whatever connection is open for it. */
export class PeerSession implements UpstreamSession {
  /** The latest object that stands for this peer. */
  peer: ClientPeer;
  readonly capabilities: JsonObject;
  lastUsedAt: number;
  /** When its client was last seen to listen, calling or not. */
  #listenedAt = 0;
  readonly #owner: SessionOwner<PeerSession>;
  readonly #subscriptions: Subscriptions;
  readonly #calls: CallsInFlight;
  readonly #connection: SessionConnection;

  /** `onLost` takes over when the connection ends by itself; without it, it is reopened only where it is needed. */
  constructor(owner: SessionOwner<PeerSession>, peer: ClientPeer, onLost?: (detail: string) => void) {
    this.#owner = owner;
    this.peer = peer;
    this.capabilities = peer.capabilities;
    this.lastUsedAt = owner.now();
    this.#calls = new CallsInFlight({
      upstream: owner.name,
      places: owner.calls,
      timeoutMs: owner.timeoutMs,
      refusal: () => this.#refusal(),
      onEnd: () => {
        this.lastUsedAt = owner.now();
        if (this.#calls.size === 0) owner.freed();
      },
    });
    this.#subscriptions = new Subscriptions(
      (uri) => this.#subscribe(uri),
      (uri) => {
        this.#connection.current?.unsubscribe(uri);
        owner.freed();
      },
      owner.intake,
    );
    this.#connection = new SessionConnection({
      owner,
      onLost,
      open: (host) => owner.open(this, host),
      onNotification: (notification) => this.#notification(notification),
      onRequest: (inputRequest) => this.peer.request(inputRequest),
      onAdopted: () => this.#renewSubscriptions(),
      isNeeded: () => this.#subscriptions.size > 0,
    });
  }

  /** What a server of this era is told that the client can do. */
  declaredTo(era: Era): JsonObject {
    return era === "modern" || this.peer.takesInputRequests
      ? this.capabilities
      : withoutInputRequests(this.capabilities);
  }

  /** Whether a connection is open, or being opened. */
  get connected(): boolean {
    return this.#connection.current !== undefined || this.#connection.isOpening;
  }

  /** Whether nothing is lost, not even a subscription, when the connection is closed. */
  get idle(): boolean {
    return this.#calls.size === 0 && !this.#connection.isOpening && this.#subscriptions.size === 0;
  }

  /** Whether for so long nothing depended on it: no call, no subscription, and no client that listens. */
  unusedFor(ms: number, now: number): boolean {
    if (this.peer.listening?.() === true) this.#listenedAt = now;
    return this.idle && now - Math.max(this.lastUsedAt, this.#listenedAt) >= ms;
  }

  get inFlight(): number {
    return this.#calls.size;
  }

  get watched(): number {
    return this.#subscriptions.size;
  }

  /** What it holds where all peers share it. */
  load(): UpstreamLoad {
    return { peers: undefined, connected: this.connected ? 1 : 0, inFlight: this.inFlight, watched: this.watched };
  }

  request(request: UpstreamRequest): Promise<Round> {
    return this.requestFor(this.peer.holder, request);
  }

  /** Sends a request of a principal that shares this session with others. @throws never */
  requestFor(holder: string, request: UpstreamRequest): Promise<Round> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.resolve(refusal);
    return this.#calls.begin(holder, request, (done) => this.#send(holder, request, done));
  }

  // A session that never declared roots has none to tell of; a shared one may not tell of anybody's.
  notify(notification: Notification): void {
    if (notification.method === "notifications/roots/list_changed" && this.capabilities["roots"] === undefined) return;
    this.#connection.current?.notify(notification);
  }

  async subscribe(uri: string, onUpdated: (notification: Notification) => void): Promise<Subscription> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return { ok: false, fault: refusal.fault };
    return this.#subscriptions.add(uri, onUpdated);
  }

  /** The host of a connection that somebody else opens for this session; see `adopt`. */
  newHost(): ConnectionHost {
    return this.#connection.newHost();
  }

  /** Takes a connection over, and renews on it what was subscribed to. */
  adopt(connection: Connection): void {
    this.#connection.adopt(connection);
  }

  /** Closes the connection; the next call opens another. */
  disconnect(): Promise<void> {
    return this.#connection.disconnect();
  }

  /** Closes for good: the peer is gone. */
  async release(): Promise<void> {
    this.#connection.released = true;
    this.#subscriptions.clear();
    await this.disconnect();
  }

  /** Replaces a connection that is of no use any more, where a subscription depends on it. */
  renew(): void {
    this.#connection.renew();
  }

  #refusal(): FaultRound | undefined {
    if (this.#connection.released) return { kind: "fault", fault: this.#connection.ended() };
    return this.#owner.refusal();
  }

  #send(holder: string, request: UpstreamRequest, done: () => void): Promise<Round> {
    const connection = this.#connection.current;
    const first = connection === undefined ? this.#openAndSend(request, done) : connection.request(request, done);
    return first.then((attempt) =>
      attempt.kind === "lost"
        ? this.#again(holder, request, connection, attempt)
        : this.#counted(holder, request, this.#answered(attempt)),
    );
  }

  // Agents are told no more than that it is no answer; why, is for operators.
  #answered(round: Round): Round {
    if (round.kind === "fault" && round.fault.code === "UPSTREAM_INVALID") {
      this.#owner.intake.unanswered(round.fault.detail);
    }
    return round;
  }

  #counted(holder: string, request: UpstreamRequest, round: Round): Round {
    return round.kind === "input_required" && round.era === "modern"
      ? this.#calls.answered(holder, request, round)
      : round;
  }

  async #openAndSend(request: UpstreamRequest, done: () => void): Promise<RequestAttempt> {
    const ms = request.deadline?.ms ?? this.#owner.timeoutMs;
    const opened = await waitFor(this.#connection.open(), request.cancellation, ms);
    if (opened === "cancelled" || opened === "late") {
      done();
      return opened === "cancelled"
        ? faultRound(this.#owner.name, request.cancellation.by, "no", "Cancelled while its session was being opened.")
        : faultRound(this.#owner.name, "UPSTREAM_TIMEOUT", "no", "Its session was not open in time.");
    }
    if (opened.ok) return opened.connection.request(request, done);
    done();
    return { kind: "fault", fault: opened.fault };
  }

  // The request was surely not executed, so it may go out once more; a second failure is the answer.
  async #again(holder: string, request: UpstreamRequest, before: Connection | undefined, lost: Lost): Promise<Round> {
    this.#connection.drop(before);
    if (lost.cause === "era") await this.#owner.eraLost(lost.detail);
    return this.#calls.begin(holder, request, async (done) => {
      const second = await this.#openAndSend(request, done);
      if (second.kind !== "lost") return this.#counted(holder, request, this.#answered(second));
      if (second.error === undefined) this.#owner.intake.unanswered(second.detail);
      return lostRound(this.#owner.name, second, "UPSTREAM_UNAVAILABLE", "no");
    });
  }

  async #subscribe(uri: string): Promise<SubscribeAnswer> {
    const opened = await this.#connection.open();
    if (!opened.ok) return opened;
    const answer = await opened.connection.subscribe(uri);
    if (answer.ok || !("fault" in answer) || !isLost(answer.fault)) return answer;
    this.#connection.drop(opened.connection);
    const again = await this.#connection.open();
    return again.ok ? again.connection.subscribe(uri) : again;
  }

  #notification(notification: Notification): void {
    const lists = LIST_CHANGED.get(notification.method);
    if (lists !== undefined) {
      for (const list of lists) this.#owner.listChanged(list, this);
    } else if (notification.method === "notifications/resources/updated") {
      this.#subscriptions.updated(notification);
    } else if (!CALL_BOUND.has(notification.method)) {
      this.peer.notify(notification);
    }
  }

  #renewSubscriptions(): void {
    this.#subscriptions.renew((uri, answer) => {
      if (!answer.ok) this.#owner.log.warn({ upstream: this.#owner.name, uri }, "A subscription was not renewed.");
    });
  }
}

function isLost(fault: UpstreamFault): boolean {
  return fault.code === "UPSTREAM_CLOSED" && fault.executed === "no";
}
