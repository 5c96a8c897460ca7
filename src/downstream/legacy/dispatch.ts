import { Cancellation } from "../../core/cancellation.ts";
import { type Refusal, refuse } from "../../core/errors.ts";
import { CALL_METHODS, checkCallParams, checkListParams } from "../../mcp/call-params.ts";
import type { Request } from "../../mcp/classify.ts";
import { encodeError, encodeResultText } from "../../mcp/encode.ts";
import { LIST_METHODS, type ListKind, type Message } from "../../mcp/messages.ts";
import { oddMessageIn } from "../../mcp/refused-call.ts";
import { isLogLevel } from "../../mcp/request-meta.ts";
import { buildCall, callerOf, type Edge, type RequestContext, recordRefused, refusalError } from "../edge.ts";
import { endForToken } from "../sign-ins.ts";
import { holdLegacy } from "./holds.ts";
import type { LegacyIncoming, OpenCall } from "./incoming.ts";
import { settleInputRequests } from "./input-requests.ts";
import { renderLegacy } from "./render.ts";
import type { LegacySession } from "./session.ts";
import { settleLegacySignIn } from "./sign-ins.ts";

const LIST_KINDS: ReadonlyMap<string, ListKind> = new Map(
  (["tools", "prompts", "resources", "resourceTemplates"] as const).map((kind) => [LIST_METHODS[kind], kind]),
);

/** Serves one request of a legacy session. 2025-11-25 schema, `ClientRequest`. @throws never for what a client does */
export async function dispatchLegacyRequest(edge: Edge, incoming: LegacyIncoming): Promise<void> {
  const { session, request, context, reply } = incoming;
  const { id, method, params } = request;
  const end = (result: string): void => reply.end(encodeResultText(id, result));
  const refuseWith = (refusal: Refusal): void => {
    void recordRefused(edge, context, refusal, { method, call: undefined });
    reply.end(encodeError(id, refusalError(refusal)));
  };

  if (CALL_METHODS.has(method)) return callLegacy(edge, incoming);
  const list = LIST_KINDS.get(method);
  if (list !== undefined) {
    const refusal = checkListParams(params);
    if (refusal !== undefined) return refuseWith(refusal);
    await edge.gateway.starting(context.scope);
    const listed = await edge.gateway.list(context.scope, list, callerOf(context, session.facts.clientInfo));
    return end(listed.legacy);
  }
  switch (method) {
    case "ping":
      return end("{}");
    case "logging/setLevel": {
      const level = params["level"];
      if (!isLogLevel(level)) return refuseWith(refuse("PARAMS_INVALID", "params.level must be a log level."));
      await session.setLogLevel(level);
      return end("{}");
    }
    case "resources/subscribe":
    case "resources/unsubscribe": {
      const uri = params["uri"];
      if (typeof uri !== "string") return refuseWith(refuse("PARAMS_INVALID", "params.uri must be a string."));
      const refusal =
        method === "resources/subscribe" ? await session.subscribe(context, uri) : await session.unsubscribe(uri);
      return refusal ? refuseWith(refusal) : end("{}");
    }
    default:
      return refuseWith(refuse("METHOD_UNKNOWN"));
  }
}

/** Takes a notification or an answer of a legacy client. Unknown ones are ignored, as JSON-RPC wants. */
export function acceptLegacyMessage(
  edge: Edge,
  session: LegacySession,
  message: Exclude<Message, Request>,
  context: RequestContext,
): void {
  switch (message.kind) {
    case "result":
      session.inputRequests.answer(message.id, { ok: true, result: message.result });
      return;
    case "error":
      if (message.id !== undefined) session.inputRequests.answer(message.id, { ok: false, error: message.error });
      return;
    case "notification": {
      const { method, params } = message;
      if (method === "notifications/cancelled") {
        const { requestId, reason } = params;
        if (typeof requestId !== "string" && typeof requestId !== "number") return;
        session.cancel(requestId, typeof reason === "string" ? reason : "cancelled by the client");
      } else if (method === "notifications/roots/list_changed") {
        edge.gateway.notify(context.scope, session.peer, { method, params });
      }
      return;
    }
    default:
      message satisfies never;
  }
}

async function callLegacy(edge: Edge, { session, request, context, reply }: LegacyIncoming): Promise<void> {
  const { id, method, params } = request;
  const refusal = checkCallParams(method, params);
  if (refusal !== undefined) {
    await recordRefused(edge, context, refusal, oddMessageIn({ method, params }), session.facts);
    return reply.end(encodeError(id, refusalError(refusal)));
  }
  const cancellation = new Cancellation();
  if (!session.begin(id, cancellation)) return reply.end(encodeError(id, refusalError(refuse("TOO_MANY_OPEN"))));
  // A request that its client cancelled gets no response, whatever becomes of it upstream. 2025-11-25 utilities/cancellation
  // Who did not cancel it waits for one, and has it before the session's streams close.
  cancellation.onCancel((_, by) =>
    by === "CALL_CANCELLED" ? reply.endEmpty() : reply.end(encodeError(id, refusalError(refuse(by)))),
  );
  const call = buildCall(edge, context, {
    era: "legacy",
    method,
    params,
    clientInfo: session.facts.clientInfo,
    peer: session.peer,
    session: session.facts.handle,
    logLevel: session.logLevel,
    // The extension does not exist in this era, whatever the client declares. SEP-2663, "Backward Compatibility"
    acceptsTasks: false,
    cancellation,
    reply,
  });
  // One request is held so long and no longer, whoever it waits for: clients time out.
  const until = edge.now() + edge.limits.holdMs;
  const open: OpenCall = { edge, session, id, call, reply, holdMs: () => Math.max(0, until - edge.now()) };
  try {
    // Only now: whoever waits may cancel.
    const use = { method, params, caller: callerOf(context, session.facts.clientInfo) };
    const starting = edge.gateway.starting(context.scope, use);
    if (starting !== undefined) await starting;
    const signedIn = await settleLegacySignIn(open, await edge.gateway.call(call));
    if (signedIn.kind === "answer") return reply.end(signedIn.message);
    const first = signedIn.outcome;
    const outcome = first.kind === "input_required" ? await settleInputRequests(open, first) : first;
    if (endForToken(id, call, outcome, context, reply)) return;
    if (outcome.kind !== "paused") return reply.end(renderLegacy(edge, id, call, outcome));
    const { message, delivered } = await holdLegacy(open, outcome);
    reply.end(message, undefined, delivered);
  } finally {
    session.finish(id, cancellation);
  }
}
