import type { InputResponse, Notification } from "../../core/call.ts";
import { doneWithin } from "../../core/deadline.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import type { RpcId } from "../../mcp/messages.ts";
import { plainRequest } from "../messages/plain-request.ts";
import { notificationText, requestText } from "../messages/request-text.ts";
import type { ServerFacts } from "../messages/server-facts.ts";
import type { Connection, ConnectionHost, RequestAttempt, SubscribeAnswer } from "../protocol/connection.ts";
import { PendingRequest } from "../protocol/pending-request.ts";
import { responseText, SessionRequests } from "../protocol/session-requests.ts";
import { subscribeAnswer } from "../protocol/subscribe-answer.ts";
import { backoffDelay, type UpstreamTiming } from "../timing.ts";
import type { UpstreamRequest } from "../upstream.ts";
import type { HttpEndpoint } from "./endpoint.ts";
import { LegacyCall, type LegacyCallSession } from "./legacy-call.ts";
import { type LegacyStream, openLegacyStream } from "./legacy-stream.ts";
import { deleteOnce, sendOnce } from "./once.ts";

export interface LegacyHttpOptions {
  readonly upstream: string;
  readonly endpoint: HttpEndpoint;
  readonly clientInfo: JsonObject;
  readonly capabilities: JsonObject;
  readonly timeoutMs: number;
  readonly timing: UpstreamTiming;
  readonly nextId: () => number;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Log;
  readonly host: ConnectionHost;
}

/** How long a new session waits for its event stream; a server that sends no headers before the first event is late. */
const STREAM_OPEN_MS = 500;
/** How long the answer to the notification that ends the handshake is waited for. */
const ANNOUNCE_MS = 2_000;

/** One session with a legacy server. */
export class LegacyHttpConnection implements Connection {
  readonly facts: ServerFacts;
  readonly #options: LegacyHttpOptions;
  readonly #session: LegacyCallSession;
  readonly #common: readonly string[];
  readonly #exchanges = new Set<PendingRequest>();
  /** Messages on their way out, which closing waits for. */
  readonly #writes = new Set<Promise<unknown>>();
  #stream: LegacyStream | undefined;
  #verbose: Promise<RequestAttempt> | undefined;
  #closing: Promise<void> | undefined;
  #lost = false;

  constructor(options: LegacyHttpOptions, facts: ServerFacts, sessionId: string | undefined) {
    this.#options = options;
    this.facts = facts;
    const { endpoint, timing } = options;
    this.#common = ["mcp-protocol-version", facts.revision, ...(sessionId ? ["mcp-session-id", sessionId] : [])];
    const headers = endpoint.postHeaders(this.#common);
    this.#session = {
      intake: endpoint.intake,
      now: options.now,
      sessionId,
      answered: false,
      closeMs: timing.closeMs,
      resumeMs: timing.backoffMs,
      faultOf: (status, headers) => endpoint.faultOf(status, headers),
      post: (body, sink) => endpoint.post([...headers], body, sink),
      resume: (lastEventId, sink) => endpoint.get([...this.#common, "last-event-id", lastEventId], sink),
      respond: (id, response) => this.#send(responseText(id, response)),
      cancelled: async (requestId, reason) => {
        await this.#send(notificationText("notifications/cancelled", { requestId, reason }));
      },
      onNotification: (notification) => options.host.onNotification(notification),
    };
  }

  /**
   * Ends the handshake and begins to listen. Servers answer a notification in all ways, or not at all: whether the session is
   * of use, its first request will tell.
   */
  async announce(): Promise<void> {
    const told = this.#send(notificationText("notifications/initialized", {})).then((problem) => {
      if (problem === undefined) return;
      const { log, upstream } = this.#options;
      log.warn(
        { upstream, detail: problem },
        "A server did not take notifications/initialized; its session is used all the same.",
      );
    });
    this.#options.endpoint.intake.own(told);
    await doneWithin(ANNOUNCE_MS, told);
    if (this.#closing !== undefined) return;
    const { endpoint, host, timing, random, capabilities } = this.#options;
    const sessionRequests = new SessionRequests({ host, capabilities, intake: endpoint.intake });
    this.#stream = openLegacyStream({
      intake: endpoint.intake,
      now: this.#options.now,
      open: (lastEventId, sink) =>
        endpoint.get([...this.#common, ...(lastEventId === undefined ? [] : ["last-event-id", lastEventId])], sink),
      delay: (attempt) => backoffDelay(timing, attempt, random),
      onNotification: (notification) => this.#heard(notification),
      onRequest: (id, inputRequest) => sessionRequests.answer(inputRequest, (answer) => this.#reply(id, answer)),
      onOddQuestion: ({ id, error }) => endpoint.intake.own(this.#reply(id, { ok: false, error })),
      onSessionLost: (detail) => {
        this.#lost = true;
        host.onClosed(detail);
      },
      onFlood: (detail) => host.onClosed(detail),
    });
    // Who can be asked anything may be asked at once, and the question comes on this stream.
    if (Object.keys(capabilities).length > 0) await doneWithin(STREAM_OPEN_MS, this.#stream.settled);
  }

  request(request: UpstreamRequest, onDone: () => void): Promise<RequestAttempt> {
    if (request.logLevel === undefined || !isObject(this.facts.capabilities["logging"])) {
      return this.#call(request, onDone);
    }
    // A legacy session has one level for all of its calls: the finest, and each call's edge filters.
    this.#verbose ??= this.#call(plainRequest("logging/setLevel", { level: "debug" }), () => {});
    return this.#verbose.then((set) => {
      if (set.kind === "result" || set.kind === "error") return this.#call(request, onDone);
      this.#verbose = undefined;
      onDone();
      return set;
    });
  }

  notify(notification: Notification): void {
    const told = this.#send(notificationText(notification.method, notification.params)).then((problem) => {
      if (problem !== undefined) this.#options.log.warn({ upstream: this.#options.upstream }, problem);
    });
    this.#options.endpoint.intake.own(told);
  }

  async subscribe(uri: string): Promise<SubscribeAnswer> {
    return subscribeAnswer(
      this.#options.upstream,
      await this.#call(plainRequest("resources/subscribe", { uri }), () => {}),
    );
  }

  unsubscribe(uri: string): void {
    if (this.#closing !== undefined) return;
    this.#options.endpoint.intake.own(this.#call(plainRequest("resources/unsubscribe", { uri }), () => {}));
  }

  async #reply(id: RpcId, answer: InputResponse): Promise<void> {
    const failed = await this.#send(responseText(id, answer));
    if (failed !== undefined) this.#options.log.warn({ upstream: this.#options.upstream }, failed);
  }

  // Many servers log on the session's own stream whatever call it is about. With one call in flight there is no doubt.
  #heard(notification: Notification): void {
    const [only, another] = this.#exchanges;
    if (notification.method === "notifications/message" && only !== undefined && another === undefined) {
      only.receive({ kind: "notification", ...notification });
    } else this.#options.host.onNotification(notification);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stream?.close();
    // In a lost session every other call learns of the loss by its own answer, and goes out again.
    if (!this.#lost)
      for (const exchange of [...this.#exchanges])
        exchange.cancel("The upstream session was closed.", "UPSTREAM_CLOSED");
    const { closeMs } = this.#options.timing;
    await doneWithin(closeMs, Promise.all(this.#writes));
    if (this.#lost || this.#session.sessionId === undefined) return;
    // Servers may refuse this with 405; either way the session is no concern of ours any more.
    await deleteOnce(this.#options.endpoint, [...this.#common], closeMs);
  }

  #call(request: UpstreamRequest, onDone: () => void): Promise<RequestAttempt> {
    const id = this.#options.nextId();
    const { endpoint, timeoutMs, timing, capabilities } = this.#options;
    const own = { progressToken: request.wantsProgress ? id : undefined, meta: request.meta };
    const wire = new LegacyCall(this.#session);
    const exchange: PendingRequest = new PendingRequest({
      id,
      intake: endpoint.intake,
      request,
      capabilities,
      timeoutMs,
      parkedMs: timing.parkedMs,
      wire,
      interpret: (result) => ({ kind: "result", result }),
      onDone: () => {
        this.#exchanges.delete(exchange);
        onDone();
      },
    });
    this.#exchanges.add(exchange);
    wire.start(exchange, requestText(id, request.method, request.params, own));
    return exchange.first.then((attempt) => {
      if (attempt.kind === "lost") this.#lost = true;
      return attempt;
    });
  }

  /** Sends a message that has no response of its own; the problem, if it was not accepted. */
  async #send(text: string): Promise<string | undefined> {
    const { endpoint, timeoutMs } = this.#options;
    const write = sendOnce(endpoint, endpoint.postHeaders(this.#common), text, { timeoutMs });
    this.#writes.add(write);
    const answer = await write;
    this.#writes.delete(write);
    if (answer.kind === "failure") return answer.failure.detail;
    return answer.status >= 200 && answer.status < 300 ? undefined : `HTTP ${answer.status}.`;
  }
}
