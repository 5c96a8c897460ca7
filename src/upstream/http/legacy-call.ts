import type { InputResponse } from "../../core/call.ts";
import type { JsonObject } from "../../core/json.ts";
import type { RpcId } from "../../mcp/messages.ts";
import { isEventId, type SseEvent } from "../../mcp/sse.ts";
import { endsItsRequest } from "../messages/answered-id.ts";
import type { Intake } from "../messages/intake.ts";
import { errorNamesLostSession, namesLostSession } from "../messages/lost-session.ts";
import type { Incoming, Unreadable } from "../messages/response-envelope.ts";
import { Throttle } from "../messages/throttle.ts";
import type { Lost } from "../protocol/connection.ts";
import type { ExchangeWire, PendingRequest } from "../protocol/pending-request.ts";
import { answerAlone } from "../protocol/session-requests.ts";
import { createNoise, FLOOD_DETAIL, type Noise } from "../waiting/flood.ts";
import { type HttpFailure, mayAnswer, type ReplyHeaders, type ReplySink, type UpstreamResponse } from "./response.ts";
import { failureFault, resultFault, type StatusFault, tooMuch, unexpectedStatus } from "./status.ts";

/** What a legacy call needs of its session. */
export interface LegacyCallSession {
  readonly intake: Intake;
  readonly now: () => number;
  readonly sessionId: string | undefined;
  /** Whether a request was answered in it with a result. */
  answered: boolean;
  readonly closeMs: number;
  /** Delay before a broken stream is taken up again, where the server named none. */
  readonly resumeMs: number;
  /** What an answer's status amounts to; see `statusFault`. */
  faultOf(status: number, headers: ReplyHeaders): StatusFault | undefined;
  post(body: string, sink: ReplySink): UpstreamResponse;
  /** Takes up a broken stream after an event. */
  resume(lastEventId: string, sink: ReplySink): UpstreamResponse;
  respond(id: RpcId, response: InputResponse): Promise<string | undefined>;
  cancelled(requestId: number, reason: string): Promise<void>;
  onNotification(notification: { readonly method: string; readonly params: JsonObject }): void;
}

/** Reconnects in a row that brought no new event. */
const MAX_RESUMES = 5;
const MAX_RESUME_DELAY_MS = 30_000;
/** A stream is taken up again no sooner, whatever the server says; twice as late after each that brought no message. */
const MIN_RESUME_DELAY_MS = 50;
const MAX_FLOOR_MS = 1_000;

/** One request of a legacy session over Streamable HTTP. 2025-11-25 basic/transports. */
export class LegacyCall implements ReplySink, ExchangeWire {
  readonly #session: LegacyCallSession;
  /** Only an event stream brings what nobody asked for. */
  #noise: Noise | undefined;
  #throttle: Throttle | undefined;
  #exchange: PendingRequest | undefined;
  #reply: UpstreamResponse | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastEventId: string | undefined;
  #retryMs: number | undefined;
  #resumes = 0;
  #floorMs = MIN_RESUME_DELAY_MS;

  constructor(session: LegacyCallSession) {
    this.#session = session;
  }

  start(exchange: PendingRequest, body: string): void {
    this.#exchange = exchange;
    if (exchange.begin()) this.#reply = this.#session.post(body, this);
  }

  respond(id: RpcId, response: InputResponse): void {
    const sent = this.#session.respond(id, response).then((problem) => {
      if (problem !== undefined) this.#exchange?.fail("UPSTREAM_CLOSED", problem);
    });
    this.#session.intake.own(sent);
  }

  // A legacy server is told, then the stream is dropped: dropping it first would not cancel, and could lose the word.
  giveUp(exchange: PendingRequest, reason: string): void {
    clearTimeout(this.#timer);
    if (!exchange.sent) {
      this.#reply?.abort();
      return;
    }
    const told = this.#session.cancelled(exchange.id, reason).finally(() => this.#reply?.abort());
    this.#session.intake.own(told);
  }

  onSent(): void {
    this.#exchange?.markSent();
  }

  onStream(): void {}

  onEvent(event: SseEvent): void {
    if (event.id !== undefined && isEventId(event.id)) {
      this.#lastEventId = event.id;
      this.#resumes = 0;
    }
    if (event.retryMs !== undefined) this.#retryMs = event.retryMs;
    const exchange = this.#exchange;
    if (exchange === undefined || event.data === "") return;
    this.#floorMs = MIN_RESUME_DELAY_MS;
    for (const part of this.#session.intake.parts(Buffer.from(event.data))) this.#message(exchange, part);
  }

  #message(exchange: PendingRequest, bytes: Buffer): void {
    const message = this.#session.intake.read(bytes);
    if (exchange.done) {
      this.#late(message, bytes);
      return;
    }
    const question = message.kind === "unreadable" ? message.question : undefined;
    if (question !== undefined) this.respond(question.id, { ok: false, error: question.error });
    else if (message.kind === "unreadable" && endsItsRequest(message, exchange.id)) {
      this.#stop(message.code, `An event of its stream: ${message.detail}`);
      return;
    }
    const isAnswer = message.kind === "result" || message.kind === "error";
    if (!isAnswer || message.id !== exchange.id) {
      this.#throttle ??= new Throttle(() => this.#reply, this.#session.intake, this.#session.now);
      this.#throttle.take(bytes);
    }
    if (message.kind === "unreadable" || (isAnswer && message.id !== exchange.id)) {
      this.#noise ??= createNoise(this.#session.now);
      if (!this.#noise.take(bytes)) this.#stop("UPSTREAM_INVALID", FLOOD_DETAIL);
      return;
    }
    if (message.kind === "notification" && !isCallNotification(message.method)) {
      this.#session.onNotification({ method: message.method, params: message.params });
      return;
    }
    this.#receive(exchange, message);
    // The server should end the stream now; one that does not may not keep the connection.
    if (exchange.done) this.#timer = this.#session.intake.later(() => this.#reply?.abort(), this.#session.closeMs);
  }

  // Nobody waits for what comes behind the answer; but a server that asks waits itself.
  #late(message: Incoming | Unreadable, bytes: Buffer): void {
    this.#noise ??= createNoise(this.#session.now);
    if (!this.#noise.take(bytes)) {
      this.#reply?.abort();
      return;
    }
    const alone = answerAlone(message);
    if (alone !== undefined) this.respond(alone.id, alone.response);
  }

  #receive(exchange: PendingRequest, message: Incoming): void {
    const session = this.#session;
    if (session.sessionId !== undefined && session.answered && errorNamesLostSession(message)) {
      const detail = "It answered with an error that it no longer knows the session.";
      exchange.finish({ kind: "lost", cause: "session", detail });
      return;
    }
    if (message.kind === "result") session.answered = true;
    exchange.receive(message);
  }

  /** What says that the session is gone: with an error status, the words of an error that answers this request, or any body else. */
  #lost(status: number, message: Incoming | Unreadable, body: Buffer): Lost | undefined {
    if (this.#session.sessionId === undefined) return undefined;
    const lost = { kind: "lost", cause: "session", detail: `HTTP ${status}: it no longer knows the session.` } as const;
    if (message.kind !== "error") return namesLostSession(status, body) ? lost : undefined;
    const { error } = message;
    const says = status >= 400 && errorNamesLostSession(message, status);
    if (message.id === this.#exchange?.id) return says ? { ...lost, error } : undefined;
    if (!namesLostSession(status, body)) return undefined;
    return says ? lost : { ...lost, error };
  }

  #stop(code: "UPSTREAM_INVALID" | "UPSTREAM_TOO_LARGE", detail: string): void {
    this.#exchange?.fail(code, detail);
    this.#reply?.abort();
  }

  onStreamEnd(detail: string | undefined): void {
    clearTimeout(this.#timer);
    this.#resume(detail ?? "The event stream ended without a response.");
  }

  onBody(status: number, headers: ReplyHeaders, body: Buffer): void {
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.done) return;
    if (this.#lastEventId !== undefined) {
      exchange.fail("UPSTREAM_CLOSED", `Its stream broke and could not be taken up again: HTTP ${status}.`);
      return;
    }
    const message = this.#session.intake.read(body);
    const answered = (message.kind === "result" || message.kind === "error") && message.id === exchange.id;
    if (answered && message.kind === "result" && mayAnswer(status)) {
      this.#receive(exchange, message);
      return;
    }
    if (message.kind === "result" && !mayAnswer(status)) {
      const { code, detail, executed } = resultFault(status);
      exchange.fail(code, detail, executed);
      return;
    }
    const said = message.kind === "unreadable" ? this.#session.intake.words(body) : undefined;
    const lost = this.#lost(status, message, body);
    if (lost !== undefined) {
      exchange.lost(lost, said);
      return;
    }
    const fault = this.#session.faultOf(status, headers) ?? tooMuch(message);
    if (fault !== undefined && !(answered && status >= 500)) {
      exchange.fail(fault.code, fault.detail, fault.executed, said, fault.http);
    } else if (message.kind === "error" && (answered || message.id === undefined)) {
      if (message.error.code <= -32020 && message.error.code >= -32022) {
        exchange.finish({ kind: "lost", cause: "era", detail: "It answers as a server of revision 2026-07-28." });
      } else this.#receive(exchange, message);
    } else if (status === 404 || status === 405) {
      exchange.lost({ kind: "lost", cause: "era", detail: `HTTP ${status} without a JSON-RPC response.` }, said);
    } else {
      const { code, detail, executed } = unexpectedStatus(status);
      exchange.fail(code, detail, executed, said);
    }
  }

  onFailure(failure: HttpFailure): void {
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.done) return;
    if (this.#lastEventId !== undefined && failure.kind !== "too_large" && failure.kind !== "flooded") {
      this.#resume(failure.detail);
      return;
    }
    const fault = failureFault(failure, exchange.sent);
    exchange.fail(fault.code, fault.detail, fault.executed);
  }

  // Resumption is a GET with the id of the last event. 2025-11-25 basic/transports, "Resumability and Redelivery".
  #resume(detail: string): void {
    const exchange = this.#exchange;
    const lastEventId = this.#lastEventId;
    if (exchange === undefined || exchange.done) return;
    if (lastEventId === undefined || this.#resumes >= MAX_RESUMES) {
      exchange.fail("UPSTREAM_CLOSED", detail);
      return;
    }
    this.#resumes++;
    const named = Math.min(this.#retryMs ?? this.#session.resumeMs, MAX_RESUME_DELAY_MS);
    const delay = Math.max(named, this.#floorMs);
    this.#floorMs = Math.min(2 * this.#floorMs, MAX_FLOOR_MS);
    this.#timer = this.#session.intake.later(() => {
      if (!exchange.done) this.#reply = this.#session.resume(lastEventId, this);
    }, delay);
  }
}

function isCallNotification(method: string): boolean {
  return method === "notifications/progress" || method === "notifications/message";
}
