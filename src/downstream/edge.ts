import type { Call, ClientFacts, ClientPeer, Era, LogLevel, Notification, RpcError } from "../core/call.ts";
import { isFormRefusal } from "../core/call-outcome.ts";
import type { Cancellation } from "../core/cancellation.ts";
import { ERRORS, type Refusal, refusalText } from "../core/errors.ts";
import { isObject, type JsonObject } from "../core/json.ts";
import type { Log } from "../core/log.ts";
import type { TokenNeed } from "../core/outcome.ts";
import type { Principal } from "../core/principal.ts";
import { type CredentialClaim, credentialKindOf, type Refusals } from "../core/refusals.ts";
import type { Scope } from "../core/scope.ts";
import type { Caller, Gateway, Watcher } from "../gateway/gateway.ts";
import { encodeNotification } from "../mcp/encode.ts";
import { asClientParams } from "../mcp/members/era-members.ts";
import type { RefusedMessage } from "../mcp/refused-call.ts";
import { progressTokenOf, reachesLevel, traceIdOf } from "../mcp/request-meta.ts";
import { type Credential, CredentialEnds } from "./credential-ends.ts";
import { deliveryClassOf } from "./delivery-class.ts";
import { createHolds, type Holds } from "./holds.ts";
import { DEFAULT_DOWNSTREAM_LIMITS, type EdgeDeps, type EdgeLimits } from "./options.ts";
import type { Reply } from "./reply.ts";

/** What every part of an edge works with. */
export interface Edge {
  readonly gateway: Gateway;
  readonly log: Log;
  readonly refusals: Refusals;
  readonly now: () => number;
  readonly callIds: () => string;
  readonly limits: EdgeLimits;
  /** How this gateway presents itself. */
  readonly serverInfo: JsonObject;
  readonly errors: "result" | "protocol";
  /** The calls that wait for people with a connection open. */
  readonly holds: Holds;
  readonly credentialEnds: CredentialEnds;
  /** Header in which keys may come, besides `Authorization`. */
  readonly apiKeyHeader: string | undefined;
}

export function createEdge(deps: EdgeDeps, apiKeyHeader?: string): Edge {
  const limits = { ...DEFAULT_DOWNSTREAM_LIMITS, ...deps.limits };
  return {
    gateway: deps.gateway,
    log: deps.log,
    refusals: deps.refusals,
    now: deps.now,
    callIds: deps.callIds,
    limits,
    serverInfo: { name: "portcullis", version: deps.version },
    errors: deps.errors ?? "result",
    holds: createHolds(limits),
    credentialEnds: new CredentialEnds(),
    apiKeyHeader,
  };
}

/** Facts about the connection that a message came on. */
export interface RequestContext {
  readonly principal: Principal;
  readonly credential: Credential;
  readonly scope: Scope;
  readonly ip: string;
  readonly userAgent: string;
  /** Whether the transport has headers at all: stdio has none. */
  readonly hasHeaders: boolean;
  /** A request header by its lower-case name. */
  header(name: string): string | undefined;
  /** The headers that policies can see. */
  readonly policyHeaders: JsonObject;
  readonly receivedAt: number;
  /** Value of `WWW-Authenticate` for a token that does not suffice; `undefined` where the transport has no headers. */
  readonly authenticate: ((need: TokenNeed) => string) | undefined;
}

/** What differs from one call to the next besides its connection. */
export interface CallParts {
  readonly era: Era;
  readonly method: string;
  readonly params: JsonObject;
  readonly clientInfo: JsonObject | undefined;
  readonly peer: ClientPeer;
  readonly session: string | undefined;
  readonly logLevel: LogLevel | undefined;
  /** Whether the client takes a task for an answer. */
  readonly acceptsTasks: boolean;
  readonly cancellation: Cancellation;
  readonly reply: Reply;
}

/** Makes the call that the gateway carries out; its notifications go out on `reply`. */
export function buildCall(edge: Edge, context: RequestContext, parts: CallParts): Call {
  const { params, reply, logLevel } = parts;
  const token = progressTokenOf(params);
  const meta = params["_meta"];
  const { principal, client } = callerOf(context, parts.clientInfo);
  return {
    id: edge.callIds(),
    era: parts.era,
    method: parts.method,
    params,
    principal,
    client,
    peer: parts.peer,
    scope: context.scope,
    session: parts.session,
    headers: context.policyHeaders,
    traceId: traceIdOf(context.header("traceparent") ?? (isObject(meta) ? meta["traceparent"] : undefined)),
    receivedAt: context.receivedAt,
    wantsProgress: token !== undefined,
    acceptsTasks: parts.acceptsTasks,
    logLevel,
    cancellation: parts.cancellation,
    notify(notification) {
      const params = callParams(notification, token, logLevel);
      if (params === undefined) return;
      reply.send(encodeNotification(notification.method, params), deliveryClassOf(notification.method, params));
    },
  };
}

/**
 * Puts a message on record that was refused: one that asks for a tool and is refused for its form as a call, of the
 * client that it names or whose session it came in; everything else as what it is, a refusal. Resolves, where it is waited for, once it is written. @throws never
 */
export function recordRefused(
  edge: Edge,
  context: RequestContext,
  { code }: Refusal,
  { method, call: refused }: RefusedMessage,
  session?: { readonly clientInfo: JsonObject; readonly handle: string | undefined },
): Promise<void> | undefined {
  const { scope, receivedAt, principal, ip } = context;
  if (refused === undefined || !isFormRefusal(code)) {
    const at = context.hasHeaders ? "mcp" : "stdio";
    const claim = (): CredentialClaim => ({ kind: credentialKindOf(principal) });
    edge.refusals.refused({ code, at, ip, claim, method, endpoint: scope.endpoint, principal });
    return undefined;
  }
  const traceId = traceIdOf(context.header("traceparent"));
  const call = { id: edge.callIds(), method: "tools/call", scope, session: session?.handle, traceId, receivedAt };
  const caller = callerOf(context, refused.clientInfo ?? session?.clientInfo);
  return edge.gateway.recordRefused({ ...call, ...caller }, refused.tool, code);
}

// Only what the client asked for: progress under its own token, log messages at or above its level.
function callParams(
  { method, params: said }: Notification,
  token: string | number | undefined,
  logLevel: LogLevel | undefined,
): JsonObject | undefined {
  const params = asClientParams(said);
  if (method === "notifications/progress") {
    return token === undefined ? undefined : { ...params, progressToken: token };
  }
  if (method === "notifications/message") {
    return logLevel !== undefined && reachesLevel(params["level"], logLevel) ? params : undefined;
  }
  return undefined;
}

/** Who sent a message: the principal of its connection, through the client that `clientInfo` describes. */
export function callerOf(
  { principal, ip, userAgent }: Pick<RequestContext, "principal" | "ip" | "userAgent">,
  clientInfo: JsonObject | undefined,
): Caller {
  const name = clientInfo?.["name"];
  const version = clientInfo?.["version"];
  const client: ClientFacts = {
    id: principal.clientId,
    name: typeof name === "string" ? name : "",
    version: typeof version === "string" ? version : "",
    ip,
    userAgent,
  };
  return { principal, client };
}

/** Whoever wants to watch a resource on this connection. `session`: its handle, in the era that has them. */
export function watcherOf(
  context: RequestContext,
  clientInfo: JsonObject | undefined,
  peer: ClientPeer,
  session: string | undefined,
): Watcher {
  const { principal, client } = callerOf(context, clientInfo);
  const { scope, policyHeaders: headers, receivedAt } = context;
  const traceId = traceIdOf(context.header("traceparent"));
  return { principal, client, session, headers, traceId, receivedAt, scope, peer };
}

/** The JSON-RPC error of a refusal. */
export function refusalError(refusal: Refusal, data?: JsonObject): RpcError {
  const error = { code: ERRORS[refusal.code].rpc, message: refusalText(refusal) };
  return data === undefined ? error : { ...error, data };
}
