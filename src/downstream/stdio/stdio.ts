// biome-ignore-all lint/style/noExcessiveLinesPerFile: few lines more, and not split yet.
import type { Readable, Writable } from "node:stream";
import { Cancellation } from "../../core/cancellation.ts";
import { type Refusal, refuse } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { parseJson, whereInJson } from "../../core/parse-json.ts";
import type { Principal } from "../../core/principal.ts";
import type { Scope } from "../../core/scope.ts";
import type { ListChange } from "../../gateway/gateway.ts";
import { classify, ODD_ANSWER, type Request } from "../../mcp/classify.ts";
import { encodeError, encodeResultText } from "../../mcp/encode.ts";
import type { Message, RpcId } from "../../mcp/messages.ts";
import { oddCallIn, type RefusedCall, refusedCallIn } from "../../mcp/refused-call.ts";
import { idAtEnds, idOfOddRequest, idOfRefused, idOfRefusedAnswer } from "../../mcp/refused-id.ts";
import type { RequestMeta } from "../../mcp/request-meta.ts";
import { callerOf, createEdge, type RequestContext, recordRefused, refusalError } from "../edge.ts";
import { acceptLegacyMessage, dispatchLegacyRequest } from "../legacy/dispatch.ts";
import { initializeResult, readInitialize } from "../legacy/initialize.ts";
import { LegacySession } from "../legacy/session.ts";
import { LIST_CHANGED } from "../list-changes.ts";
import { dispatchModernRequest, type ModernServer } from "../modern/dispatch.ts";
import { createListens } from "../modern/listen.ts";
import { createModernPeers } from "../modern/peers.ts";
import { type EdgeDeps, everySecond } from "../options.ts";
import { createLineReader } from "./lines.ts";
import { createLineWriter } from "./writer.ts";

/** What the stdio edge needs besides. */
export interface StdioEdgeDeps extends EdgeDeps {
  readonly input: Readable;
  readonly output: Writable;
  /** The person at this machine. */
  readonly principal: Principal;
  /** Which endpoint is served: `""` for all upstreams, else a name. */
  readonly endpoint?: string | undefined;
}

export interface StdioEdge {
  /** Resolves when the client has closed its side, or `close` was called, and nothing is held any more. */
  readonly closed: Promise<void>;
  /**
   * Ends subscriptions with their completion result, tells calls that wait for people so, cancels what else is in flight
   * and lets go of the streams.
   */
  close(): void;
}

/** Clients wait about two seconds for a server whose input they closed before they kill it. */
const DRAIN_MS = 1500;

/**
 * Serves one local client over newline-delimited JSON-RPC, both eras: a request with the protocol version in its `_meta`
 * is served by itself, `initialize` makes the process a legacy session. 2026-07-28 transports/stdio.
 */
export function createStdioEdge(deps: StdioEdgeDeps): StdioEdge {
  const edge = createEdge(deps);
  const { gateway, limits, log, now } = edge;
  const endpoint = deps.endpoint ?? "";
  const writer = createLineWriter(deps.output, limits.maxQueuedBytes);
  const modern: ModernServer = { edge, peers: createModernPeers(), listens: createListens(edge) };
  const inFlight = new Map<RpcId, Cancellation>();
  let session: LegacySession | undefined;
  let settleClosed = (): void => {};
  let isClosed = false;
  let serving = 0;
  let drainUntil: number | undefined;
  const closed = new Promise<void>((resolve) => {
    settleClosed = resolve;
  });

  const contextOf = (scope: Scope): RequestContext => ({
    principal: deps.principal,
    scope,
    ip: "",
    userAgent: "",
    hasHeaders: false,
    authenticate: undefined,
    header: () => undefined,
    policyHeaders: {},
    receivedAt: now(),
  });

  const fail = (id: RpcId | undefined, refusal: Refusal, data?: JsonObject): void =>
    writer.reply().end(encodeError(id, refusalError(refusal, data)));

  // Who wrote a batch waits for an answer to each of its requests.
  const refuseBatch = (messages: readonly Message[]): void => {
    const ids = messages.flatMap((message) => (message.kind === "request" ? message.id : []));
    for (const id of ids.length === 0 ? [undefined] : ids) fail(id, refuse("BATCH_NOT_ALLOWED"));
  };

  // A call is on record before its refusal goes out; what asks for no tool is answered before what comes behind it.
  const refuseFirst = async (
    scope: Scope | undefined,
    refusal: Refusal,
    refused: RefusedCall | undefined,
    answer: () => void,
  ): Promise<void> => {
    const recorded = scope && recordRefused(edge, contextOf(scope), refusal, refused, session?.facts);
    if (recorded !== undefined) await recorded;
    answer();
  };

  const initialize = (request: Request, scope: Scope): void => {
    const init = readInitialize(request);
    if (!init.ok) {
      fail(request.id, init);
      return;
    }
    session?.end("the client initialized anew");
    session = new LegacySession(
      edge,
      { ...init, handle: undefined, logLevel: undefined, subscriptions: [] },
      deps.principal,
      {
        push: (message, delivery) => writer.send(message, delivery),
        listening: () => true,
        save: () => Promise.resolve(),
      },
    );
    writer.reply().end(encodeResultText(request.id, initializeResult(edge, scope, init.protocolVersion)));
  };

  const serveLegacy = async (message: Message, context: RequestContext): Promise<void> => {
    if (message.kind === "request" && message.method === "initialize") return initialize(message, context.scope);
    if (session === undefined) {
      if (message.kind !== "request") return;
      // A ping proves life and needs no session. 2025-11-25 basic/lifecycle, "Initialization"
      if (message.method === "ping") return writer.reply().end(encodeResultText(message.id, "{}"));
      return fail(message.id, refuse("SESSION_REQUIRED"));
    }
    if (message.kind !== "request") return acceptLegacyMessage(edge, session, message, context);
    return dispatchLegacyRequest(edge, { session, request: message, context, reply: writer.reply() });
  };

  const serveModern = async (message: Request, meta: RequestMeta, context: RequestContext): Promise<void> => {
    const { id } = message;
    if (inFlight.size >= limits.maxInFlightPerSession) return fail(id, refuse("TOO_MANY_OPEN"));
    const cancellation = new Cancellation();
    const reply = writer.reply();
    inFlight.set(id, cancellation);
    cancellation.onCancel(() => reply.endEmpty());
    try {
      await dispatchModernRequest(modern, { request: message, meta, context, cancellation, reply });
    } finally {
      if (inFlight.get(id) === cancellation) inFlight.delete(id);
    }
  };

  // One notification cancels in both eras, and it does not say which: the id decides.
  const cancel = (message: Message): void => {
    if (message.kind !== "notification" || message.method !== "notifications/cancelled") return;
    const { requestId, reason } = message.params;
    if (typeof requestId !== "string" && typeof requestId !== "number") return;
    inFlight.get(requestId)?.cancel(typeof reason === "string" ? reason : "cancelled by the client");
  };

  const answered = (message: Message, served: Promise<void>): Promise<void> =>
    served.catch((err: unknown) => {
      if (message.kind === "request") fail(message.id, refuse("INTERNAL"));
      throw err;
    });

  const serve = async (line: string): Promise<void> => {
    const parsed = parseJson(line, limits);
    const scope = gateway.scope(endpoint);
    if (!parsed.ok) {
      const refusal = refuse(parsed.problem.code, whereInJson(parsed.problem));
      const question = idOfRefusedAnswer(line);
      if (question !== undefined) session?.inputRequests.answer(question, { ok: false, error: ODD_ANSWER });
      return refuseFirst(scope, refusal, refusedCallIn(line), () => fail(idOfRefused(line), refusal));
    }
    const classified = classify(parsed.value, { headers: undefined, maxBatch: limits.maxBatch });
    if (scope === undefined) return fail(idOfOddRequest(parsed.value), refuse("ENDPOINT_UNKNOWN"));
    switch (classified.kind) {
      case "rejected":
        return refuseFirst(scope, classified.refusal, oddCallIn(parsed.value), () =>
          fail(classified.id, classified.refusal, classified.data),
        );
      case "modern-request":
        return answered(classified.message, serveModern(classified.message, classified.meta, contextOf(scope)));
      case "modern-notification":
        return cancel(classified.message);
      case "legacy":
        cancel(classified.message);
        return answered(classified.message, serveLegacy(classified.message, contextOf(scope)));
      case "legacy-batch":
        return refuseBatch(classified.messages);
      default:
        return classified satisfies never;
    }
  };

  const onListChanged = (change: ListChange): void => {
    modern.listens.listChanged(change);
    const scope = gateway.scope(endpoint);
    if (session === undefined || scope === undefined) return;
    if (!change.concerns(scope, callerOf(contextOf(scope), session.facts.clientInfo))) return;
    session.notify({ method: LIST_CHANGED[change.list], params: {} });
  };

  const stopHearing = gateway.onListChanged(onListChanged);
  const stopTicking = (deps.everySecond ?? everySecond)(() => {
    session?.inputRequests.sweep(now());
    if (drainUntil !== undefined && now() >= drainUntil) close();
  });
  const read = createLineReader({
    maxBytes: limits.maxBodyBytes,
    onTooLong: (head, tail) =>
      fail(idAtEnds(head, tail), refuse("BODY_TOO_LARGE", `The limit is ${limits.maxBodyBytes} bytes.`)),
    onLine: (line) => {
      serving += 1;
      serve(line)
        .catch((err: unknown) => log.error({ err }, "A message on stdin could not be served"))
        .finally(() => {
          serving -= 1;
          if (drainUntil !== undefined && serving === 0) close();
        });
    },
  });

  const onData = (chunk: Buffer | string): void => {
    read(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    // A client that does not read is not read either, until it does.
    if (!writer.full) return;
    deps.input.pause();
    writer.onDrain(() => deps.input.resume());
  };

  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    deps.input.off("data", onData).off("end", drain).off("error", close);
    stopHearing();
    stopTicking();
    modern.listens.close();
    if (edge.holds.count === 0) letGo();
    // Those that are let go of have their answers written by the end of this turn.
    else void edge.holds.close(0).then(() => setImmediate(letGo));
  };

  const letGo = (): void => {
    for (const cancellation of [...inFlight.values()]) cancellation.cancel("the edge was closed");
    session?.end("the edge was closed");
    // A client that keeps its side open would keep this process alive.
    deps.input.destroy();
    settleClosed();
  };

  // What was asked before the client closed its side is still answered, for a moment: `echo … | portcullis stdio` works.
  const drain = (): void => {
    drainUntil = now() + DRAIN_MS;
    modern.listens.close();
    void edge.holds.close(DRAIN_MS);
    if (serving === 0) close();
  };

  deps.input.on("data", onData).once("end", drain).once("error", close);
  // A client that is gone breaks the pipe; that is how it says goodbye, not a fault.
  deps.output.on("error", close);
  return { closed, close };
}
