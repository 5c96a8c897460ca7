import type { InputResponse, Notification } from "../../core/call.ts";
import type { CallEnder } from "../../core/cancellation.ts";
import { numberIn } from "../../core/exact-json.ts";
import type { JsonObject } from "../../core/json.ts";
import type { RawJson } from "../../core/raw-json.ts";
import type { InputRequiredRound, UpstreamFault } from "../../core/round.ts";
import type { RpcId } from "../../mcp/messages.ts";
import { deadlineMs, faultRound, noAnswer } from "../messages/fault.ts";
import { sendableAnswer } from "../messages/input-response.ts";
import type { Intake } from "../messages/intake.ts";
import type { Incoming } from "../messages/response-envelope.ts";
import { withWords } from "../messages/said.ts";
import type { UpstreamRequest } from "../upstream.ts";
import { isAllowedInputRequest, MAX_WAITING_INPUT_REQUESTS, NOT_DECLARED, TOO_MANY } from "./allowed-input-requests.ts";
import type { Lost, RequestAttempt } from "./connection.ts";
import { lostRound } from "./lost-round.ts";

/** What an exchange needs of the transport that carries it. */
export interface ExchangeWire {
  /** Answers a request that the upstream made during this exchange. */
  respond(id: RpcId, response: InputResponse): void;
  /** The exchange was given up: tell the upstream where it can be told, and free what is held for it. */
  giveUp(exchange: PendingRequest, reason: string): void;
}

export interface ExchangeOptions {
  readonly id: number;
  readonly intake: Intake;
  readonly request: UpstreamRequest;
  /** Client capabilities that the upstream was told of. */
  readonly capabilities: JsonObject;
  readonly timeoutMs: number;
  readonly parkedMs: number;
  readonly wire: ExchangeWire;
  /** Reads a result; modern results may be input requests. */
  readonly interpret: (result: RawJson) => RequestAttempt;
  readonly onDone: () => void;
}

/**
 * One request in flight, whatever carries it: deadline, cancellation, and the rounds that it is answered in. The
 * JSON-RPC id is the progress token as well, so that neither ever repeats one of the caller's.
 */
export class PendingRequest {
  readonly id: number;
  readonly first: Promise<RequestAttempt>;
  /** One function for all timers, so that arming one makes no closure. */
  static readonly #onTimer = (exchange: PendingRequest): void =>
    exchange.#options.intake.guard(
      () => exchange.#expire(),
      () => {},
    );
  readonly #options: ExchangeOptions;
  #resolve: ((attempt: RequestAttempt) => void) | undefined;
  #waiting: Array<{ readonly id: RpcId; readonly method: string; readonly params: JsonObject }> | undefined;
  #outcome: RequestAttempt | undefined;
  /** Who has put a question to the client, and can take it back. */
  #onSuperseded: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #offCancel: (() => void) | undefined;
  #sent = false;
  #progressed = false;
  #done = false;

  constructor(options: ExchangeOptions) {
    this.id = options.id;
    this.#options = options;
    this.first = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Starts the deadline and heeds cancellation from here on. Whether the request should go out at all. */
  begin(): boolean {
    this.#arm(deadlineMs(this.#options));
    const off = this.#options.request.cancellation.onCancel((reason, by) => this.cancel(reason, by));
    if (this.#done) return false;
    this.#offCancel = off;
    return true;
  }

  get done(): boolean {
    return this.#done;
  }

  get request(): UpstreamRequest {
    return this.#options.request;
  }

  /** From here on the upstream may have seen the request. */
  markSent(): void {
    this.#sent = true;
  }

  get sent(): boolean {
    return this.#sent;
  }

  /** Takes a message that belongs to this exchange. */
  receive(message: Incoming): void {
    if (this.#done) return;
    switch (message.kind) {
      case "result":
        this.finish(this.#options.interpret(message.result));
        return;
      case "error":
        this.finish({ kind: "error", error: message.error });
        return;
      case "notification":
        this.#notification(message);
        return;
      case "request":
        this.#ask(message.id, message.method, message.params);
        return;
      default:
        message satisfies never;
    }
  }

  /** Ends the exchange. The first outcome counts. */
  finish(attempt: RequestAttempt): void {
    if (this.#done) return;
    this.#done = true;
    clearTimeout(this.#timer);
    this.#offCancel?.();
    this.#offCancel = undefined;
    const resolve = this.#resolve;
    this.#resolve = undefined;
    if (resolve === undefined) this.#outcome = attempt;
    else resolve(attempt);
    this.#options.onDone();
    this.#onSuperseded?.();
  }

  /** Ends the exchange with a fault; whether it may have run follows from whether it was sent, unless told. `said`, `http`: what the server said of it. */
  fail(
    code: UpstreamFault["code"],
    detail: string,
    executed?: UpstreamFault["executed"],
    said?: string,
    http?: UpstreamFault["http"],
  ): void {
    const told = withWords(detail, said, this.request.params);
    const { fault } = faultRound(this.#options.intake.upstream, code, executed ?? this.#executed, told);
    this.finish({ kind: "fault", fault: said === undefined && http === undefined ? fault : { ...fault, said, http } });
  }

  /** Ends the exchange as one that surely was not executed. `said`: what the server said of it. */
  lost(lost: Lost, said: string | undefined): void {
    if (said === undefined || lost.error !== undefined) this.finish(lost);
    else this.finish({ ...lost, detail: withWords(lost.detail, said, this.request.params), said });
  }

  get #executed(): UpstreamFault["executed"] {
    return this.#sent ? "unknown" : "no";
  }

  /** Gives the call up for the reason of whoever cancelled it, or with its connection, which the gateway closes. */
  cancel(reason: string, by: CallEnder | "UPSTREAM_CLOSED" = "CALL_CANCELLED"): void {
    if (this.#done) return;
    this.fail(by, reason);
    this.#options.wire.giveUp(this, reason);
  }

  #expire(): void {
    // The client's answer is waited for, or the server's.
    if (this.#resolve === undefined) {
      const detail = `No answer to its question came within ${this.#options.parkedMs} ms.`;
      const { fault } = faultRound(this.#options.intake.upstream, "UPSTREAM_TIMEOUT", this.#executed, detail);
      this.finish({ kind: "fault", fault: { ...fault, ours: true } });
    } else this.fail("UPSTREAM_TIMEOUT", noAnswer(this.#options, this.#progressed));
    this.#options.wire.giveUp(this, "timeout");
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    // Node keeps timers of one duration in one list, so this is O(1) both ways: a timer wheel gains nothing.
    this.#timer = setTimeout(PendingRequest.#onTimer, ms, this);
  }

  #notification(message: Notification): void {
    const { request } = this.#options;
    if (message.method === "notifications/progress") {
      if (!request.wantsProgress || numberIn(message.params["progressToken"]) !== this.id) return;
      this.#progressed = true;
      const { progressToken: _ours, ...params } = message.params;
      request.onNotification({ method: message.method, params });
    } else if (message.method === "notifications/message") {
      request.onNotification({ method: message.method, params: message.params });
    }
  }

  #ask(id: RpcId, method: string, params: JsonObject): void {
    const { wire, capabilities } = this.#options;
    if (method === "ping") {
      wire.respond(id, { ok: true, result: {} });
      return;
    }
    const refused = isAllowedInputRequest(method, capabilities)
      ? (this.#waiting?.length ?? 0) >= MAX_WAITING_INPUT_REQUESTS && TOO_MANY
      : NOT_DECLARED;
    if (refused !== false) {
      wire.respond(id, { ok: false, error: { code: -32601, message: refused } });
      return;
    }
    this.#waiting ??= [];
    this.#waiting.push({ id, method, params });
    this.#deliver();
  }

  // One input request at a time: the next one goes out when the edge comes back with the answer to this one.
  #deliver(): void {
    const resolve = this.#resolve;
    const next = resolve === undefined ? undefined : this.#waiting?.shift();
    if (resolve === undefined || next === undefined) return;
    this.#resolve = undefined;
    this.#arm(this.#options.parkedMs);
    let resumed = false;
    const round: InputRequiredRound = {
      kind: "input_required",
      era: "legacy",
      inputRequests: { ask: { method: next.method, params: next.params } },
      state: undefined,
      resume: async (responses) => {
        if (resumed) throw new Error("An input_required round was resumed twice.");
        resumed = true;
        this.#onSuperseded = undefined;
        const answer = responses["ask"] ?? { ok: false, error: { code: -32603, message: "No answer was given." } };
        const attempt = await this.#resume(next.id, sendableAnswer(next.method, answer));
        if (attempt.kind !== "lost") return attempt;
        return lostRound(this.#options.intake.upstream, attempt, "UPSTREAM_CLOSED", "unknown");
      },
      abandon: (reason) => this.cancel(reason),
      onSuperseded: (listener) => {
        this.#onSuperseded = resumed ? undefined : listener;
        if (this.#done) listener();
      },
    };
    resolve(round);
  }

  #resume(id: RpcId, answer: InputResponse): Promise<RequestAttempt> {
    const outcome = this.#outcome;
    if (outcome !== undefined) return Promise.resolve(outcome);
    const next = new Promise<RequestAttempt>((resolve) => {
      this.#resolve = resolve;
    });
    this.#arm(deadlineMs(this.#options));
    this.#options.wire.respond(id, answer);
    this.#deliver();
    return next;
  }
}
