import { refuse } from "../../core/errors.ts";
import { type Classified, ODD_ANSWER, type Request, refuseVersion } from "../../mcp/classify.ts";
import { encodeResultText } from "../../mcp/encode.ts";
import type { Message, RpcId } from "../../mcp/messages.ts";
import { MODERN_REVISION } from "../../mcp/revisions.ts";
import type { RequestContext } from "../edge.ts";
import { batchReplies } from "../http/batch-replies.ts";
import { answerEmpty, answerRefusal, type HttpExchange, headerOf, versionOf } from "../http/exchange.ts";
import { HttpReply } from "../http/http-reply.ts";
import { type Accepted, readAccept } from "../http/media.ts";
import { admit, type HttpEdge } from "../http-edge.ts";
import { refuseHttp } from "../refuse-http.ts";
import { acceptLegacyMessage, dispatchLegacyRequest } from "./dispatch.ts";
import type { HttpSession } from "./http-session.ts";
import { initializeResult, readInitialize } from "./initialize.ts";
import type { LegacyFacts } from "./session.ts";
import { namesStanding } from "./session-streams.ts";

const SESSION_HEADER = "Mcp-Session-Id";

/** A POST whose caller is known, with what its client takes for an answer. */
export interface AdmittedPost {
  readonly exchange: HttpExchange;
  readonly accepted: Accepted;
  readonly context: RequestContext;
}

type LegacyBody = Extract<Classified, { kind: "legacy" | "legacy-batch" }>;

/** Serves a POST of the legacy era. 2025-11-25 transports, "Sending Messages to the Server". */
export async function postLegacy(http: HttpEdge, post: AdmittedPost, body: LegacyBody): Promise<void> {
  const { exchange, context } = post;
  const { outgoing } = exchange;
  if (body.kind === "legacy" && body.message.kind === "request" && body.message.method === "initialize") {
    return initialize(http, post, body.message);
  }
  const session = await sessionOf(http, exchange, context);
  if (session === undefined) return;
  if (body.kind === "legacy-batch") return postBatch(http, post, session, body.messages);
  const { message } = body;
  if (message.kind !== "request") {
    acceptLegacyMessage(http.edge, session.legacy, message, context);
    return answerEmpty(outgoing, 202);
  }
  const reply = replyOf(http, post, session);
  return dispatchLegacyRequest(http.edge, { session: session.legacy, request: message, context, reply });
}

/** Serves a GET: the session's standing stream, or one that broke and is resumed. */
export async function handleGet(http: HttpEdge, exchange: HttpExchange): Promise<void> {
  const { incoming, outgoing } = exchange;
  const context = await admitSessionVerb(http, exchange);
  if (context === undefined) return;
  const accepted = readAccept(incoming.headers.accept);
  if (!accepted.ok || !accepted.sse) return refuseHttp(http.edge, exchange, refuse("NOT_ACCEPTABLE"), { context });
  const session = await sessionOf(http, exchange, context);
  if (session === undefined || outgoing.destroyed) return;
  if (http.sessions.closed) return answerRefusal(outgoing, refuse("STOPPING"));
  const lastEventId = headerOf(incoming, "last-event-id");
  // A stream that ended so is resumed with another token, and nothing is lost.
  const connect = () => {
    const connection = http.streams.open(outgoing);
    connection.onClose(http.edge.credentialEnds.watch(context.credential, () => connection.end()));
    return connection;
  };
  const resumed = lastEventId === undefined ? "unknown" : session.streams.resume(lastEventId, connect);
  if (resumed === "resumed") return;
  // 204 tells an event stream's reader that there is nothing to come back for. WHATWG HTML, "Server-sent events"
  if (resumed === "nothing") return answerEmpty(outgoing, 204);
  if (lastEventId !== undefined && !namesStanding(lastEventId))
    return answerRefusal(outgoing, refuse("STREAM_UNKNOWN"));
  session.streams.openStanding(connect(), primes(session));
}

/** Serves a DELETE: the client ends its session. */
export async function handleDelete(http: HttpEdge, exchange: HttpExchange): Promise<void> {
  const context = await admitSessionVerb(http, exchange);
  if (context === undefined) return;
  const session = await sessionOf(http, exchange, context);
  if (session === undefined) return;
  await http.sessions.end(session);
  answerEmpty(exchange.outgoing, 204);
}

async function initialize(http: HttpEdge, post: AdmittedPost, request: Request): Promise<void> {
  const { exchange, accepted, context } = post;
  const { outgoing } = exchange;
  const init = readInitialize(request);
  if (!init.ok) {
    const message = { method: request.method, call: undefined };
    return refuseHttp(http.edge, exchange, init, { context, message, id: request.id });
  }
  await http.edge.gateway.starting(context.scope);
  const opened = await http.sessions.open(init, context);
  if (opened === undefined) return answerRefusal(outgoing, refuse("TOO_MANY_OPEN"), { id: request.id });
  outgoing.setHeader(SESSION_HEADER, opened.id);
  const reply = new HttpReply(outgoing, accepted, http.streams, context.receivedAt);
  reply.end(encodeResultText(request.id, initializeResult(http.edge, context.scope, init.protocolVersion)));
}

async function postBatch(
  http: HttpEdge,
  post: AdmittedPost,
  session: HttpSession,
  messages: readonly Message[],
): Promise<void> {
  const { exchange, context } = post;
  const { outgoing } = exchange;
  if (session.record.protocolVersion !== "2025-03-26") {
    return refuseHttp(http.edge, exchange, refuse("BATCH_NOT_ALLOWED"), { context });
  }
  const requests = messages.filter((message) => message.kind === "request");
  // The handshake opens the session that a batch needs, so it cannot be part of one. 2025-03-26 basic/lifecycle
  if (requests.some((request) => request.method === "initialize")) {
    return refuseHttp(http.edge, exchange, refuse("NOT_A_MESSAGE"), { context });
  }
  for (const message of messages) {
    if (message.kind !== "request") acceptLegacyMessage(http.edge, session.legacy, message, context);
  }
  if (requests.length === 0) return answerEmpty(outgoing, 202);
  const replies = batchReplies(requests.length, replyOf(http, post, session));
  await Promise.all(
    requests.map((request, index) => {
      const reply = replies[index];
      return reply && dispatchLegacyRequest(http.edge, { session: session.legacy, request, context, reply });
    }),
  );
}

// Revisions with an id on an empty first event let the client come back to a POST's stream, too.
function replyOf(http: HttpEdge, { exchange, accepted, context }: AdmittedPost, session: HttpSession): HttpReply {
  return new HttpReply(exchange.outgoing, accepted, http.streams, context.receivedAt, (connection) =>
    session.streams.openPost(connection, primes(session)),
  );
}

function primes(session: HttpSession): boolean {
  return session.record.protocolVersion === "2025-11-25";
}

// Finds the session that the header names, or answers why there is none.
async function sessionOf(
  http: HttpEdge,
  exchange: HttpExchange,
  context: RequestContext,
): Promise<HttpSession | undefined> {
  const id = headerOf(exchange.incoming, "mcp-session-id");
  if (id === undefined) {
    refuseHttp(http.edge, exchange, refuse("SESSION_REQUIRED"), { context });
    return undefined;
  }
  const session = await http.sessions.find(id, context);
  if (session === undefined) refuseHttp(http.edge, exchange, refuse("SESSION_UNKNOWN"), { context });
  return session;
}

/** What is known of the session that the header names, for a message that is refused before its era is known. @throws never */
export async function sessionFactsOf(
  http: HttpEdge,
  { incoming }: HttpExchange,
  context: RequestContext,
): Promise<LegacyFacts | undefined> {
  const id = headerOf(incoming, SESSION_HEADER.toLowerCase());
  if (id === undefined) return undefined;
  try {
    return (await http.sessions.find(id, context))?.legacy.facts;
  } catch (err) {
    http.edge.log.warn(
      { err },
      "The session of a malformed call cannot be looked up. Its record does not name the client.",
    );
    return undefined;
  }
}

/** Ends a question of the session that the header names with an error: its answer came in a form that is not read. */
export async function endOddAnswer(
  http: HttpEdge,
  { incoming }: HttpExchange,
  context: RequestContext,
  question: RpcId | undefined,
): Promise<void> {
  const id = headerOf(incoming, SESSION_HEADER.toLowerCase());
  if (question === undefined || id === undefined) return;
  const session = await http.sessions.find(id, context);
  session?.legacy.inputRequests.answer(question, { ok: false, error: ODD_ANSWER });
}

// GET and DELETE belong to sessions, which the modern era does not have.
async function admitSessionVerb(http: HttpEdge, exchange: HttpExchange): Promise<RequestContext | undefined> {
  const admitted = await admit(http, exchange);
  if (!admitted.ok) {
    refuseHttp(http.edge, exchange, admitted.refusal, { headers: admitted.headers });
    return undefined;
  }
  const { context } = admitted;
  const version = versionOf(exchange.incoming);
  if (version === MODERN_REVISION) {
    refuseHttp(http.edge, exchange, refuse("HTTP_METHOD_UNKNOWN"), { context, headers: { Allow: "POST" } });
    return undefined;
  }
  const unknown = refuseVersion(version);
  if (unknown !== undefined) {
    refuseHttp(http.edge, exchange, unknown.refusal, { context, data: unknown.data });
    return undefined;
  }
  return context;
}
