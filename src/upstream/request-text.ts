import type { LogLevel } from "../core/call.ts";
import { isObject, type Json, type JsonObject } from "../core/json.ts";
import { META, MODERN_REVISION } from "../mcp/revisions.ts";

const OWN_META: ReadonlySet<string> = new Set<string>([...Object.values(META), "progressToken"]);

/** The protocol's share of a modern request's `_meta`. 2026-07-28 basic, "Per-request protocol fields". */
export interface ModernEnvelope {
  readonly clientInfo: JsonObject;
  readonly capabilities: JsonObject;
  readonly logLevel: LogLevel | undefined;
}

/**
 * `params` as they go upstream: the caller's own `_meta` keys stay, the protocol's keys are ours. Without `envelope`
 * the request is a legacy one.
 */
export function upstreamParams(
  params: JsonObject,
  progressToken: number | undefined,
  envelope: ModernEnvelope | undefined,
): JsonObject {
  const given = params["_meta"];
  const meta: Record<string, Json | undefined> = {};
  let any = false;
  if (isObject(given)) {
    for (const key of Object.keys(given)) {
      if (OWN_META.has(key)) continue;
      meta[key] = given[key];
      any = true;
    }
  }
  if (progressToken !== undefined) {
    meta["progressToken"] = progressToken;
    any = true;
  }
  if (envelope !== undefined) {
    meta[META.protocolVersion] = MODERN_REVISION;
    meta[META.clientInfo] = envelope.clientInfo;
    meta[META.clientCapabilities] = envelope.capabilities;
    if (envelope.logLevel !== undefined) meta[META.logLevel] = envelope.logLevel;
    any = true;
  }
  if (any) return { ...params, _meta: meta };
  if (given === undefined) return params;
  const { _meta: _dropped, ...rest } = params;
  return rest;
}

/** The text of a JSON-RPC request. */
export function requestText(id: number, method: string, params: JsonObject): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

/** The text of a JSON-RPC notification. */
export function notificationText(method: string, params: JsonObject): string {
  return JSON.stringify(
    Object.keys(params).length === 0 ? { jsonrpc: "2.0", method } : { jsonrpc: "2.0", method, params },
  );
}
