import { type CallEnder, Cancellation } from "../../core/cancellation.ts";
import { type Refusal, refuse } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { parseJson, whereInJson } from "../../core/parse-json.ts";
import type { Principal } from "../../core/principal.ts";
import type { Scope } from "../../core/scope.ts";
import type { ListChange } from "../../gateway/gateway.ts";
import { classify, ODD_ANSWER, type Request } from "../../mcp/classify.ts";
import { encodeError, encodeResultText } from "../../mcp/encode.ts";
import type { Message, RpcId } from "../../mcp/messages.ts";
import { oddMessageIn, type RefusedMessage, refusedMessageIn } from "../../mcp/refused-call.ts";
import { idOfOddRequest, idOfRefused, idOfRefusedAnswer } from "../../mcp/refused-id.ts";
import type { RequestMeta } from "../../mcp/request-meta.ts";
import { NO_CREDENTIAL } from "../credential-ends.ts";
import { callerOf, type Edge, type RequestContext, recordRefused, refusalError } from "../edge.ts";
import { acceptLegacyMessage, dispatchLegacyRequest } from "../legacy/dispatch.ts";
import { initializeResult, readInitialize } from "../legacy/initialize.ts";
import { LegacySession } from "../legacy/session.ts";
import { LIST_CHANGED } from "../list-changes.ts";
import { dispatchModernRequest, type ModernServer } from "../modern/dispatch.ts";
import { createListens } from "../modern/listen.ts";
import { createModernPeers } from "../modern/peers.ts";
import type { LineWriter } from "./writer.ts";

export interface LineServerDeps {
  readonly edge: Edge;
  readonly writer: LineWriter;
  /** The person at this machine. */
  readonly principal: Principal;
  /** Which endpoint is served: `""` for all upstreams, else a name. */
  readonly endpoint: string;
}

/** Serves the lines of one client: requests of the modern era each by itself, those of the legacy era in a session. */
export class LineServer {
  readonly #deps: LineServerDeps;
  readonly #edge: Edge;
  readonly #writer: LineWriter;
  readonly #modern: ModernServer;
  readonly #inFlight = new Map<RpcId, Cancellation>();
  #session: LegacySession | undefined;

  constructor(deps: LineServerDeps) {
    const { edge } = deps;
    this.#deps = deps;
    this.#edge = edge;
    this.#writer = deps.writer;
    this.#modern = { edge, peers: createModernPeers(), listens: createListens(edge) };
  }

  /** Serves one line. Rejects where that fails, after its client was told. */
  async serve(line: string): Promise<void> {
    const parsed = parseJson(line, this.#edge.limits);
    const scope = this.#edge.gateway.scope(this.#deps.endpoint);
    if (!parsed.ok) {
      const refusal = refuse(parsed.problem.code, whereInJson(parsed.problem));
      const question = idOfRefusedAnswer(line);
      if (question !== undefined) this.#session?.inputRequests.answer(question, { ok: false, error: ODD_ANSWER });
      return this.#refuseFirst(scope, refusal, refusedMessageIn(line), () => this.fail(idOfRefused(line), refusal));
    }
    const classified = classify(parsed.value, { headers: undefined, maxBatch: this.#edge.limits.maxBatch });
    if (scope === undefined) return this.fail(idOfOddRequest(parsed.value), refuse("ENDPOINT_UNKNOWN"));
    switch (classified.kind) {
      case "rejected":
        return this.#refuseFirst(scope, classified.refusal, oddMessageIn(parsed.value), () =>
          this.fail(classified.id, classified.refusal, classified.data),
        );
      case "modern-request":
        return this.#answered(
          classified.message,
          this.#serveModern(classified.message, classified.meta, this.#contextOf(scope)),
        );
      case "modern-notification":
        return this.#cancel(classified.message);
      case "legacy":
        this.#cancel(classified.message);
        return this.#answered(classified.message, this.#serveLegacy(classified.message, this.#contextOf(scope)));
      case "legacy-batch":
        return this.#refuseFirst(scope, refuse("BATCH_NOT_ALLOWED"), oddMessageIn(parsed.value), () =>
          this.#refuseBatch(classified.messages),
        );
      default:
        return classified satisfies never;
    }
  }

  /** Answers with an error what cannot be served. */
  fail(id: RpcId | undefined, refusal: Refusal, data?: JsonObject): void {
    this.#writer.reply().end(encodeError(id, refusalError(refusal, data)));
  }

  listChanged(change: ListChange): void {
    this.#modern.listens.listChanged(change);
    const scope = this.#edge.gateway.scope(this.#deps.endpoint);
    if (this.#session === undefined || scope === undefined) return;
    if (!change.concerns(scope, callerOf(this.#contextOf(scope), this.#session.facts.clientInfo))) return;
    this.#session.notify({ method: LIST_CHANGED[change.list], params: {} });
  }

  /** Lets go of questions that nobody has answered in time. */
  sweep(at: number): void {
    this.#session?.inputRequests.sweep(at);
  }

  /** Ends subscriptions with their completion result. */
  closeListens(): void {
    this.#modern.listens.close();
  }

  /** Cancels what is in flight, and ends the session. `by`: whose doing that is. */
  end(by: CallEnder): void {
    for (const cancellation of [...this.#inFlight.values()]) cancellation.cancel("the edge was closed", by);
    this.#session?.end("the edge was closed", by);
  }

  #contextOf(scope: Scope): RequestContext {
    return {
      principal: this.#deps.principal,
      credential: NO_CREDENTIAL,
      scope,
      ip: "",
      userAgent: "",
      hasHeaders: false,
      authenticate: undefined,
      header: () => undefined,
      policyHeaders: {},
      receivedAt: this.#edge.now(),
    };
  }

  // Who wrote a batch waits for an answer to each of its requests.
  #refuseBatch(messages: readonly Message[]): void {
    const ids = messages.flatMap((message) => (message.kind === "request" ? message.id : []));
    for (const id of ids.length === 0 ? [undefined] : ids) this.fail(id, refuse("BATCH_NOT_ALLOWED"));
  }

  // A call is on record before its refusal goes out; what asks for no tool is answered before what comes behind it.
  async #refuseFirst(
    scope: Scope | undefined,
    refusal: Refusal,
    refused: RefusedMessage,
    answer: () => void,
  ): Promise<void> {
    const recorded = scope && recordRefused(this.#edge, this.#contextOf(scope), refusal, refused, this.#session?.facts);
    if (recorded !== undefined) await recorded;
    answer();
  }

  async #serveLegacy(message: Message, context: RequestContext): Promise<void> {
    if (message.kind === "request" && message.method === "initialize") return this.#initialize(message, context);
    if (this.#session === undefined) {
      if (message.kind !== "request") return;
      // A ping proves life and needs no session. 2025-11-25 basic/lifecycle, "Initialization"
      if (message.method === "ping") return this.#writer.reply().end(encodeResultText(message.id, "{}"));
      return this.#refuse(message, refuse("SESSION_REQUIRED"), context);
    }
    if (message.kind !== "request") return acceptLegacyMessage(this.#edge, this.#session, message, context);
    return dispatchLegacyRequest(this.#edge, {
      session: this.#session,
      request: message,
      context,
      reply: this.#writer.reply(),
    });
  }

  #refuse({ id, method }: Request, refusal: Refusal, context: RequestContext): void {
    void recordRefused(this.#edge, context, refusal, { method, call: undefined });
    this.fail(id, refusal);
  }

  #initialize(request: Request, context: RequestContext): void {
    const init = readInitialize(request);
    if (!init.ok) {
      this.#refuse(request, init, context);
      return;
    }
    this.#session?.end("the client initialized anew", "CALL_CANCELLED");
    this.#session = new LegacySession(
      this.#edge,
      { ...init, handle: undefined, logLevel: undefined, subscriptions: [] },
      this.#deps.principal,
      {
        push: (message, delivery) => this.#writer.send(message, delivery),
        listening: () => true,
        save: () => Promise.resolve(),
      },
    );
    this.#writer
      .reply()
      .end(encodeResultText(request.id, initializeResult(this.#edge, context.scope, init.protocolVersion)));
  }

  async #serveModern(message: Request, meta: RequestMeta, context: RequestContext): Promise<void> {
    const { id } = message;
    if (this.#inFlight.size >= this.#edge.limits.maxInFlightPerSession) return this.fail(id, refuse("TOO_MANY_OPEN"));
    const cancellation = new Cancellation();
    const reply = this.#writer.reply();
    this.#inFlight.set(id, cancellation);
    cancellation.onCancel((_, by) => {
      if (by === "CALL_CANCELLED") reply.endEmpty();
      else reply.end(encodeError(id, refusalError(refuse(by))));
    });
    try {
      await dispatchModernRequest(this.#modern, { request: message, meta, context, cancellation, reply });
    } finally {
      if (this.#inFlight.get(id) === cancellation) this.#inFlight.delete(id);
    }
  }

  // One notification cancels in both eras, and it does not say which: the id decides.
  #cancel(message: Message): void {
    if (message.kind !== "notification" || message.method !== "notifications/cancelled") return;
    const { requestId, reason } = message.params;
    if (typeof requestId !== "string" && typeof requestId !== "number") return;
    this.#inFlight.get(requestId)?.cancel(typeof reason === "string" ? reason : "cancelled by the client");
  }

  #answered(message: Message, served: Promise<void>): Promise<void> {
    return served.catch((err: unknown) => {
      if (message.kind === "request") this.fail(message.id, refuse("INTERNAL"));
      throw err;
    });
  }
}
