import { ERRORS, type Refusal, refuse } from "../../core/errors.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { Scope } from "../../core/scope.ts";
import { CALL_METHODS, checkCallParams, checkListParams } from "../../mcp/call-params.ts";
import { encodeError, encodeResultText } from "../../mcp/encode.ts";
import { checkParamHeaders } from "../../mcp/headers/param-header-check.ts";
import { LIST_METHODS, type ListKind } from "../../mcp/messages.ts";
import { oddMessageIn } from "../../mcp/refused-call.ts";
import { clientFactsTooLarge } from "../../mcp/request-meta.ts";
import { META, SUPPORTED_REVISIONS } from "../../mcp/revisions.ts";
import { declaresTasks, isTaskMethod, TASKS_EXTENSION, TASKS_REQUIRED } from "../../mcp/tasks.ts";
import { buildCall, callerOf, type Edge, recordRefused, refusalError } from "../edge.ts";
import { endForToken } from "../sign-ins.ts";
import type { ModernIncoming } from "./incoming.ts";
import { answerPaused } from "./legs.ts";
import type { Listens } from "./listen.ts";
import type { ModernPeers } from "./peers.ts";
import { ownResult, renderModern } from "./render.ts";
import { settleModernSignIn } from "./sign-ins.ts";
import { serveTask } from "./tasks.ts";

/** Serves the stateless era: every request brings all that is needed to answer it. */
export interface ModernServer {
  readonly edge: Edge;
  readonly peers: ModernPeers;
  readonly listens: Listens;
}

/** How long a client may keep what `server/discover` said; list changes reach it sooner if it listens. */
const DISCOVER_TTL_MS = 60_000;

/** Where a modern request says who its client is. */
const FACTS = `${META.clientInfo} and ${META.clientCapabilities} in params._meta`;

const LISTS: ReadonlyMap<string, { readonly kind: ListKind; readonly capability: string }> = new Map([
  [LIST_METHODS.tools, { kind: "tools", capability: "tools" }],
  [LIST_METHODS.prompts, { kind: "prompts", capability: "prompts" }],
  [LIST_METHODS.resources, { kind: "resources", capability: "resources" }],
  [LIST_METHODS.resourceTemplates, { kind: "resourceTemplates", capability: "resources" }],
]);

/** Serves one modern request. 2026-07-28 schema, `ClientRequest`. @throws never for what a client does */
export async function dispatchModernRequest(server: ModernServer, incoming: ModernIncoming): Promise<void> {
  const { request, reply } = incoming;
  const refusal = await serve(server, incoming);
  if (refusal === undefined) return;
  await recordRefused(server.edge, incoming.context, refusal, oddMessageIn(request));
  // Only what belongs to tasks is refused for want of a capability here: what a server asks has an answer of its own.
  const data = refusal.code === "CAPABILITY_REQUIRED" ? TASKS_REQUIRED : undefined;
  reply.end(encodeError(request.id, refusalError(refusal, data)), ERRORS[refusal.code].status);
}

async function serve(server: ModernServer, incoming: ModernIncoming): Promise<Refusal | undefined> {
  const { edge } = server;
  const { request, meta, context, reply } = incoming;
  const { id, method, params } = request;
  const use = CALL_METHODS.has(method) ? { method, params, caller: callerOf(context, meta.clientInfo) } : undefined;
  const starting = edge.gateway.starting(context.scope, use);
  if (starting !== undefined) await starting;
  if (CALL_METHODS.has(method)) return call(server, incoming);
  const list = LISTS.get(method);
  if (list !== undefined) {
    if (!isObject(edge.gateway.capabilities(context.scope)[list.capability])) return refuse("METHOD_UNKNOWN");
    const refusal = checkListParams(params);
    if (refusal !== undefined) return refusal;
    const listed = await edge.gateway.list(context.scope, list.kind, callerOf(context, meta.clientInfo));
    reply.end(encodeResultText(id, listed.modern));
    return undefined;
  }
  if (method === "server/discover") {
    reply.end(encodeResultText(id, JSON.stringify(discover(edge, context.scope))));
    return undefined;
  }
  if (method === "subscriptions/listen") {
    const peer = server.peers.of(context.principal, meta);
    if (peer === undefined) return refuse("PARAMS_INVALID", clientFactsTooLarge(FACTS));
    return server.listens.open(incoming, peer);
  }
  if (isTaskMethod(method)) return serveTask(edge, method, incoming);
  return refuse("METHOD_UNKNOWN");
}

async function call(server: ModernServer, incoming: ModernIncoming): Promise<Refusal | undefined> {
  const { edge } = server;
  const { request, meta, context, cancellation, reply } = incoming;
  const { id, method, params } = request;
  const refusal = checkCallParams(method, params) ?? checkMirrored(edge, incoming);
  if (refusal !== undefined) return refusal;
  const peer = server.peers.of(context.principal, meta);
  if (peer === undefined) return refuse("PARAMS_INVALID", clientFactsTooLarge(FACTS));
  const made = buildCall(edge, context, {
    era: "modern",
    method,
    params,
    clientInfo: meta.clientInfo,
    peer,
    session: undefined,
    logLevel: meta.logLevel,
    acceptsTasks: method === "tools/call" && declaresTasks(meta.capabilities),
    cancellation,
    reply,
  });
  const settled = await settleModernSignIn(edge, id, made, await edge.gateway.call(made));
  if (settled.kind === "answer") {
    reply.end(settled.answer.message, settled.answer.status);
    return undefined;
  }
  const { outcome } = settled;
  if (endForToken(id, made, outcome, context, reply)) return undefined;
  if (outcome.kind === "paused") {
    const { message, status, delivered } = await answerPaused(edge, id, made, outcome);
    reply.end(message, status, delivered);
  } else {
    const { message, status } = renderModern(edge, id, made, outcome);
    reply.end(message, status);
  }
  return undefined;
}

// Only a tool's own definition says which headers mirror its arguments; stdio has no headers to check.
function checkMirrored(edge: Edge, { request, meta, context }: ModernIncoming): Refusal | undefined {
  const { method, params } = request;
  const name = params["name"];
  if (method !== "tools/call" || typeof name !== "string" || !context.hasHeaders) return undefined;
  const rules = edge.gateway.headerRules(context.scope, name, callerOf(context, meta.clientInfo));
  if (rules.length === 0) return undefined;
  const args = params["arguments"];
  return checkParamHeaders(rules, isObject(args) ? args : {}, (header) => context.header(header));
}

// 2026-07-28 server/discover. Capabilities depend on the endpoint, never on who asks or on which policies hold: tasks of
// a policy that is gone can still be followed.
function discover(edge: Edge, scope: Scope): JsonObject {
  const { tasks: _legacyTasks, ...capabilities } = edge.gateway.capabilities(scope);
  const instructions = edge.gateway.instructions(scope);
  return ownResult(edge, "complete", {
    supportedVersions: SUPPORTED_REVISIONS,
    capabilities: { ...capabilities, extensions: { [TASKS_EXTENSION]: {} } },
    ...(instructions === undefined ? {} : { instructions }),
    ttlMs: DISCOVER_TTL_MS,
    cacheScope: "private",
  });
}
