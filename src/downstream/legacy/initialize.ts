import { type Refusal, refuse } from "../../core/errors.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { Scope } from "../../core/scope.ts";
import type { Request } from "../../mcp/classify.ts";
import { clientFactsTooLarge, MAX_CLIENT_FACTS_CHARS } from "../../mcp/request-meta.ts";
import { isLegacyRevision, LEGACY_REVISIONS, type LegacyRevision } from "../../mcp/revisions.ts";
import type { Edge } from "../edge.ts";

/** What a client says of itself in `initialize`, with the revision that it gets. */
export interface Initialize {
  readonly ok: true;
  readonly protocolVersion: LegacyRevision;
  /** Name, title and version; nobody reads its icons and links here. */
  readonly clientInfo: JsonObject;
  readonly capabilities: JsonObject;
}

/** Reads `initialize`; an unknown revision gets the newest one. 2025-11-25 basic/lifecycle, "Version Negotiation" */
export function readInitialize(request: Request): Initialize | Refusal {
  const { protocolVersion, clientInfo, capabilities } = request.params;
  if (typeof protocolVersion !== "string") return refuse("PARAMS_INVALID", "params.protocolVersion must be a string.");
  if (!isObject(clientInfo)) return refuse("PARAMS_INVALID", "params.clientInfo must be an object.");
  if (!isObject(capabilities)) return refuse("PARAMS_INVALID", "params.capabilities must be an object.");
  const told = Object.fromEntries(NAMING.flatMap((key) => textMember(clientInfo, key)));
  if (JSON.stringify([told, capabilities]).length > MAX_CLIENT_FACTS_CHARS) {
    return refuse("PARAMS_INVALID", clientFactsTooLarge("params.clientInfo and params.capabilities"));
  }
  const version = isLegacyRevision(protocolVersion) ? protocolVersion : LEGACY_REVISIONS[0];
  return { ok: true, protocolVersion: version, clientInfo: told, capabilities };
}

const NAMING = ["name", "title", "version"];

function textMember(object: JsonObject, key: string): [string, string][] {
  const value = object[key];
  return typeof value === "string" ? [[key, value]] : [];
}

/** The result of `initialize`, as JSON text. */
export function initializeResult(edge: Edge, scope: Scope, protocolVersion: LegacyRevision): string {
  const instructions = edge.gateway.instructions(scope);
  return JSON.stringify({
    protocolVersion,
    capabilities: edge.gateway.capabilities(scope),
    serverInfo: edge.serverInfo,
    ...(instructions === undefined ? {} : { instructions }),
  });
}
