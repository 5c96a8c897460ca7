import type { ClientPeer, InputResponse, LogLevel, Notification } from "../../core/call.ts";
import type { CallEnder, Cancellation } from "../../core/cancellation.ts";
import { type Refusal, refuse } from "../../core/errors.ts";
import { randomId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import { type Principal, personKey, principalKey } from "../../core/principal.ts";
import { encodeNotification } from "../../mcp/encode.ts";
import { asClientParams } from "../../mcp/members/era-members.ts";
import type { RpcId } from "../../mcp/messages.ts";
import { isLogLevel, reachesLevel } from "../../mcp/request-meta.ts";
import type { SessionChange } from "../../store/sessions/sessions.ts";
import { type DeliveryClass, deliveryClassOf } from "../delivery-class.ts";
import { type Edge, type RequestContext, watcherOf } from "../edge.ts";
import { uriTooLong } from "../options.ts";
import { PendingInputRequests } from "./pending-input-requests.ts";

/** What `initialize` settled, and what the client changed since. */
export interface LegacyFacts {
  /** Public handle: the digest of the session id; `undefined` on stdio, where the process is the session. */
  readonly handle: string | undefined;
  readonly protocolVersion: string;
  readonly clientInfo: JsonObject;
  readonly capabilities: JsonObject;
  readonly logLevel: string | undefined;
  readonly subscriptions: readonly string[];
}

/** The session's way to its client outside any call, and to its lasting facts. */
export interface LegacyOutput {
  /** Sends a message that belongs to no call. Whether it can reach the client. */
  push(message: string, delivery?: DeliveryClass): boolean;
  /** Whether somebody listens outside calls right now. */
  listening(): boolean;
  save(change: SessionChange): Promise<void>;
}

/** What was cancelled before it was known: so many, for so long. */
const MAX_EARLY = 32;
const EARLY_MS = 10_000;

interface Watch {
  /** Set once the upstream agreed; `closed` wins over an agreement that comes late. */
  close: (() => void) | undefined;
  closed: boolean;
}

/** One legacy client, on whatever transport: what it has in flight, what it watches, what it was asked. */
export class LegacySession {
  readonly facts: LegacyFacts;
  readonly peer: ClientPeer;
  readonly inputRequests: PendingInputRequests;
  readonly #edge: Edge;
  readonly #output: LegacyOutput;
  readonly #inFlight = new Map<RpcId, Cancellation>();
  readonly #cancelledEarly = new Map<RpcId, { readonly reason: string; readonly at: number }>();
  readonly #watches = new Map<string, Watch>();
  #logLevel: LogLevel | undefined;
  #ended = false;

  /** `principal`: who opened it. */
  constructor(edge: Edge, facts: LegacyFacts, principal: Principal, output: LegacyOutput) {
    this.#edge = edge;
    this.facts = facts;
    this.#output = output;
    this.#logLevel = isLogLevel(facts.logLevel) ? facts.logLevel : undefined;
    this.inputRequests = new PendingInputRequests({
      prefix: `ask-${randomId().slice(0, 8)}-`,
      max: edge.limits.maxInputRequestsPerSession,
      maxMs: edge.limits.inputRequestMs,
      now: edge.now,
    });
    this.peer = {
      key: `legacy:${facts.handle ?? "stdio"}`,
      owner: principalKey(principal),
      holder: personKey(principal),
      capabilities: facts.capabilities,
      takesInputRequests: true,
      request: (inputRequest) => this.#ask(inputRequest),
      notify: (notification) => this.notify(notification),
      listening: () => output.listening(),
    };
  }

  /** The finest level that the client wants; all levels until it says otherwise. 2025-11-25 utilities/logging */
  get logLevel(): LogLevel {
    return this.#logLevel ?? "debug";
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Registers a request, so that the client can cancel it; `false` when too many are open. */
  begin(id: RpcId, cancellation: Cancellation): boolean {
    if (this.#inFlight.size >= this.#edge.limits.maxInFlightPerSession) return false;
    this.#inFlight.set(id, cancellation);
    const early = this.#cancelledEarly.get(id);
    this.#cancelledEarly.delete(id);
    if (early !== undefined && this.#edge.now() - early.at < EARLY_MS) cancellation.cancel(early.reason);
    return true;
  }

  finish(id: RpcId, cancellation: Cancellation): void {
    if (this.#inFlight.get(id) === cancellation) this.#inFlight.delete(id);
  }

  /**
   * Unknown and finished requests are ignored, as the protocol wants; but the one that is not known yet may be a long request
   * that is still being read: each is a POST of its own, and a short one overtakes it.
   */
  cancel(id: RpcId, reason: string): void {
    this.#cancelledEarly.delete(id);
    if (this.#inFlight.has(id)) {
      this.#inFlight.get(id)?.cancel(reason);
      return;
    }
    this.#cancelledEarly.set(id, { reason, at: this.#edge.now() });
    const [oldest] = this.#cancelledEarly.keys();
    if (this.#cancelledEarly.size > MAX_EARLY && oldest !== undefined) this.#cancelledEarly.delete(oldest);
  }

  /** Cancels everything that is in flight. */
  cancelAll(reason: string, by: CallEnder): void {
    for (const cancellation of [...this.#inFlight.values()]) cancellation.cancel(reason, by);
  }

  /** Tells the client something outside any call. */
  notify({ method, params }: Notification): void {
    if (method === "notifications/message" && !reachesLevel(params["level"], this.logLevel)) return;
    this.#output.push(encodeNotification(method, asClientParams(params)), deliveryClassOf(method, params));
  }

  async setLogLevel(level: LogLevel): Promise<void> {
    this.#logLevel = level;
    await this.#output.save({ logLevel: level });
  }

  /** Watches a resource; a second subscription to it changes nothing. */
  async subscribe(context: RequestContext, uri: string): Promise<Refusal | undefined> {
    if (this.#watches.has(uri)) return undefined;
    const { maxSubscriptions, maxKeptChars } = this.#edge.limits;
    if (uri.length > maxKeptChars) return refuse("PARAMS_INVALID", uriTooLong(maxKeptChars));
    if (this.#watches.size >= maxSubscriptions) return refuse("TOO_MANY_OPEN");
    const refusal = await this.#watch(context, uri);
    if (refusal === undefined) await this.#saveSubscriptions();
    return refusal;
  }

  async unsubscribe(uri: string): Promise<void> {
    if (!this.#unwatch(uri)) return;
    await this.#saveSubscriptions();
  }

  /**
   * Takes the stored subscriptions up again after a restart, beside the request that woke the session. All of them count
   * as watched from the start, so that a change of one meanwhile does not store the loss of the others, and for as long as
   * their servers are not there.
   */
  restore(context: RequestContext): void {
    const { gateway } = this.#edge;
    const watcher = watcherOf(context, this.facts.clientInfo, this.peer, this.facts.handle);
    for (const uri of this.facts.subscriptions) {
      if (this.#watches.has(uri)) continue;
      const restored = gateway.resubscribe(watcher, uri, (notification) => this.notify(notification));
      this.#watches.set(uri, { close: () => restored.close(), closed: false });
    }
  }

  /** Lets go of everything: calls are cancelled, watches closed, the gateway forgets the peer. `by`: who ends it. */
  end(reason: string, by: CallEnder): void {
    if (this.#ended) return;
    this.#ended = true;
    this.cancelAll(reason, by);
    this.#inFlight.clear();
    this.inputRequests.close();
    for (const uri of [...this.#watches.keys()]) this.#unwatch(uri);
    this.#edge.gateway.release(this.peer.key);
  }

  async #ask(inputRequest: Parameters<ClientPeer["request"]>[0]): Promise<InputResponse> {
    if (!this.#output.listening()) {
      return { ok: false, error: { code: -32601, message: "The client does not listen outside of calls." } };
    }
    return this.inputRequests.put(inputRequest, (message) => this.#output.push(message));
  }

  async #watch(context: RequestContext, uri: string): Promise<Refusal | undefined> {
    if (this.#watches.has(uri)) return undefined;
    const watch: Watch = { close: undefined, closed: false };
    this.#watches.set(uri, watch);
    // A server that makes its first start has not said yet which resources are its own.
    await this.#edge.gateway.starting(context.scope);
    if (watch.closed) return undefined;
    const watcher = watcherOf(context, this.facts.clientInfo, this.peer, this.facts.handle);
    const answer = await this.#edge.gateway.subscribe(watcher, uri, (notification) => this.notify(notification));
    if (!answer.ok) {
      if (this.#watches.get(uri) === watch) this.#watches.delete(uri);
      return answer;
    }
    if (watch.closed) answer.close();
    else watch.close = () => answer.close();
    return undefined;
  }

  #unwatch(uri: string): boolean {
    const watch = this.#watches.get(uri);
    if (watch === undefined) return false;
    this.#watches.delete(uri);
    watch.closed = true;
    watch.close?.();
    return true;
  }

  #saveSubscriptions(): Promise<void> {
    return this.#output.save({ subscriptions: [...this.#watches.keys()] });
  }
}
