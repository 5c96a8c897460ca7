import type { LogLevel } from "../../core/call.ts";
import { writeExact } from "../../core/exact-json.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { CAPABILITIES, PARAMS, sendable } from "../../mcp/members/members.ts";
import { sendableMeta } from "../../mcp/members/own-meta.ts";
import { META, MODERN_REVISION } from "../../mcp/revisions.ts";

/** The protocol's share of a modern request's `_meta`. 2026-07-28 basic, "Per-request protocol fields". */
export interface ModernEnvelope {
  readonly clientInfo: JsonObject;
  readonly capabilities: JsonObject;
  readonly logLevel: LogLevel | undefined;
}

/** What the gateway itself writes into a request's `_meta`, beside the caller's own keys. */
export interface OwnShare {
  readonly progressToken?: number | undefined;
  /** Its own keys: `portcullis/…`. */
  readonly meta?: JsonObject | undefined;
  /** Absent for a legacy request. */
  readonly modern?: ModernEnvelope;
}

/**
 * The text of a JSON-RPC request: of `params`, the members that the protocol has for this method, and of the caller's
 * `_meta` what is theirs to say. @throws where the method is none that goes to servers
 */
export function requestText(id: number, method: string, params: JsonObject, own: OwnShare): string {
  return writeExact({ jsonrpc: "2.0", id, method, params: paramsOf(method, params, own) });
}

/** The text of a JSON-RPC notification. @throws where the method is none that goes to servers */
export function notificationText(method: string, params: JsonObject): string {
  const sent = paramsOf(method, params, {});
  return writeExact(
    Object.keys(sent).length === 0 ? { jsonrpc: "2.0", method } : { jsonrpc: "2.0", method, params: sent },
  );
}

function paramsOf(method: string, params: JsonObject, own: OwnShare): Record<string, Json | undefined> {
  const members = Object.hasOwn(PARAMS, method) ? PARAMS[method] : undefined;
  if (members === undefined) throw new Error(`No server is sent ${JSON.stringify(method)}.`);
  // A legacy server has no such members, so that nothing was decided about what they would do there.
  const sent = sendable(params, members, own.modern === undefined ? "legacy" : "modern");
  const meta = metaOf(params["_meta"], own);
  if (meta !== undefined) sent["_meta"] = meta;
  return sent;
}

function metaOf(given: Json | undefined, { progressToken, meta: ours, modern }: OwnShare): JsonObject | undefined {
  const theirs = isObject(given) ? sendableMeta(given) : undefined;
  if (theirs === undefined && progressToken === undefined && ours === undefined && modern === undefined)
    return undefined;
  const meta: Record<string, Json | undefined> = { ...theirs, ...ours };
  if (progressToken !== undefined) meta["progressToken"] = progressToken;
  if (modern !== undefined) {
    meta[META.protocolVersion] = MODERN_REVISION;
    meta[META.clientInfo] = modern.clientInfo;
    meta[META.clientCapabilities] = sendable(modern.capabilities, CAPABILITIES);
    if (modern.logLevel !== undefined) meta[META.logLevel] = modern.logLevel;
  }
  return meta;
}
