import type { Notification } from "../../core/call.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { FaultRound, UpstreamFault } from "../../core/round.ts";
import { INPUT_REQUEST_CAPABILITIES } from "../../mcp/messages.ts";
import { LEGACY_REVISIONS } from "../../mcp/revisions.ts";
import { plainRequest } from "../messages/plain-request.ts";
import { notificationText, requestText } from "../messages/request-text.ts";
import { type FactsRead, readInitializeResult, type ServerFacts } from "../messages/server-facts.ts";
import type { Connection, ConnectionHost, Opened, RequestAttempt, SubscribeAnswer } from "../protocol/connection.ts";
import { PendingRequest } from "../protocol/pending-request.ts";
import { SessionRequests } from "../protocol/session-requests.ts";
import { subscribeAnswer } from "../protocol/subscribe-answer.ts";
import type { UpstreamRequest } from "../upstream.ts";
import { Link, type LinkEvents, type LinkOptions } from "./link.ts";

export interface LegacyLinkOptions extends LinkOptions {
  readonly clientInfo: JsonObject;
  readonly capabilities: JsonObject;
  readonly timeoutMs: number;
  readonly parkedMs: number;
  readonly maxQueued: number;
  readonly nextId: () => number;
  readonly host: ConnectionHost;
}

/** Requests during which a server may ask the client something. */
const INTERACTIVE = new Set(["tools/call", "prompts/get", "resources/read"]);

/** Opens a legacy session over stdio or HTTP+SSE. 2025-11-25 basic/lifecycle. */
export async function openLegacyLink(options: LegacyLinkOptions): Promise<Opened> {
  const connection = new LegacyLinkConnection(options);
  const fault = await connection.open();
  if (fault === undefined) return { ok: true, connection };
  await connection.close();
  return { ok: false, fault };
}

function readHandshake(attempt: Exclude<RequestAttempt, FaultRound>): FactsRead {
  switch (attempt.kind) {
    case "result":
      return readInitializeResult(attempt.result.value());
    case "error":
      return { ok: false, detail: `It refused initialize with JSON-RPC error ${attempt.error.code}.` };
    case "lost":
      return { ok: false, detail: attempt.detail };
    case "input_required":
      return { ok: false, detail: "It asked back on initialize." };
    default:
      return attempt satisfies never;
  }
}

class LegacyLinkConnection implements Connection, LinkEvents {
  readonly #options: LegacyLinkOptions;
  readonly #link: Link;
  readonly #sessionRequests: SessionRequests;
  /** Whether the server may ask this peer anything at all: then its calls go one by one, so that asks have an owner. */
  readonly #interactive: boolean;
  #current: PendingRequest | undefined;
  readonly #queue: Array<{ readonly exchange: PendingRequest; readonly text: string }> = [];
  #verbose: Promise<RequestAttempt> | undefined;
  #facts: ServerFacts | undefined;

  constructor(options: LegacyLinkOptions) {
    this.#options = options;
    this.#interactive = Object.values(INPUT_REQUEST_CAPABILITIES).some(
      (name) => options.capabilities[name] !== undefined,
    );
    this.#link = new Link(options, this);
    this.#sessionRequests = new SessionRequests(options);
  }

  get facts(): ServerFacts {
    if (this.#facts === undefined) throw new Error("A connection was used before its handshake.");
    return this.#facts;
  }

  async open(): Promise<UpstreamFault | undefined> {
    const { intake, clientInfo, capabilities } = this.#options;
    const { upstream } = intake;
    const problem = await this.#link.open();
    if (problem !== undefined) return { code: "UPSTREAM_UNAVAILABLE", upstream, detail: problem, executed: "no" };
    const params = { protocolVersion: LEGACY_REVISIONS[0], capabilities, clientInfo };
    const attempt = await this.#send(plainRequest("initialize", params), () => {});
    if (attempt.kind === "fault") {
      return { ...attempt.fault, detail: this.#link.described(attempt.fault.detail), executed: "no" };
    }
    const read = readHandshake(attempt);
    if (!read.ok) {
      return { code: "UPSTREAM_INVALID", upstream, detail: this.#link.described(read.detail), executed: "no" };
    }
    this.#facts = read.facts;
    this.#link.send(notificationText("notifications/initialized", {}));
    return undefined;
  }

  request(request: UpstreamRequest, onDone: () => void): Promise<RequestAttempt> {
    if (request.logLevel === undefined || !isObject(this.facts.capabilities["logging"])) {
      return this.#send(request, onDone);
    }
    // A legacy session has one level for all of its calls: the finest, and each call's edge filters.
    this.#verbose ??= this.#send(plainRequest("logging/setLevel", { level: "debug" }), () => {});
    return this.#verbose.then((set) => {
      if (set.kind === "result" || set.kind === "error") return this.#send(request, onDone);
      this.#verbose = undefined;
      onDone();
      return set;
    });
  }

  notify(notification: Notification): void {
    this.#link.send(notificationText(notification.method, notification.params));
  }

  async subscribe(uri: string): Promise<SubscribeAnswer> {
    const attempt = await this.#send(plainRequest("resources/subscribe", { uri }), () => {});
    return subscribeAnswer(this.#options.intake.upstream, attempt);
  }

  unsubscribe(uri: string): void {
    if (this.#link.ended !== undefined) return;
    this.#options.intake.own(this.#send(plainRequest("resources/unsubscribe", { uri }), () => {}));
  }

  async close(): Promise<void> {
    for (const { exchange } of this.#queue.splice(0))
      exchange.cancel("The upstream session was closed.", "UPSTREAM_CLOSED");
    await this.#link.close();
  }

  onRequest(id: string | number, method: string, params: JsonObject): void {
    // One interactive call at a time makes this attribution sure; without a call it is nobody's. Roots are asked for when
    // a session begins and when they change, not for the sake of the call that happens to be in flight then.
    if (this.#current !== undefined && !this.#current.done && method !== "ping" && method !== "roots/list") {
      this.#current.receive({ kind: "request", id, method, params });
      return;
    }
    this.#sessionRequests.answer({ method, params }, (answer) => this.#link.respond(id, answer));
  }

  onNotification(method: string, params: JsonObject): void {
    if (method === "notifications/message") {
      const [only, another] = this.#link.pending.values();
      if (only !== undefined && another === undefined) {
        only.receive({ kind: "notification", method, params });
        return;
      }
    }
    this.#options.host.onNotification({ method, params });
  }

  onClosed(detail: string): void {
    for (const { exchange } of this.#queue.splice(0)) exchange.finish({ kind: "lost", cause: "session", detail });
    this.#options.host.onClosed(detail);
  }

  #send(request: UpstreamRequest, onDone: () => void): Promise<RequestAttempt> {
    const { intake, timeoutMs, parkedMs, capabilities, nextId } = this.#options;
    const id = nextId();
    const own = { progressToken: request.wantsProgress ? id : undefined, meta: request.meta };
    const exchange: PendingRequest = new PendingRequest({
      id,
      intake,
      request,
      capabilities,
      timeoutMs,
      parkedMs,
      wire: this.#link,
      interpret: (result) => ({ kind: "result", result }),
      onDone: () => {
        this.#link.forget(exchange);
        this.#release(exchange);
        onDone();
      },
    });
    const text = requestText(id, request.method, request.params, own);
    if (this.#interactive && INTERACTIVE.has(request.method)) this.#enqueue(exchange, text);
    else this.#link.request(exchange, text);
    return exchange.first;
  }

  #enqueue(exchange: PendingRequest, text: string): void {
    if (this.#current === undefined) {
      this.#current = exchange;
      this.#link.request(exchange, text);
    } else if (this.#queue.length >= this.#options.maxQueued) {
      exchange.fail("UPSTREAM_BUSY", `${this.#queue.length} calls wait for their turn on this session.`, "no");
    } else if (exchange.begin()) {
      this.#queue.push({ exchange, text });
    }
  }

  #release(exchange: PendingRequest): void {
    if (this.#current !== exchange) {
      const at = this.#queue.findIndex((entry) => entry.exchange === exchange);
      if (at >= 0) this.#queue.splice(at, 1);
      return;
    }
    const next = this.#queue.shift();
    this.#current = next?.exchange;
    if (next !== undefined) this.#link.dispatch(next.exchange, next.text);
  }
}
