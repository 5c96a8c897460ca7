import { LOG_LEVELS, type LogLevel } from "../core/call.ts";
import { type Refusal, refuse } from "../core/errors.ts";
import { numberIn } from "../core/exact-json.ts";
import { isObject, type Json, type JsonObject } from "../core/json.ts";
import { META } from "./revisions.ts";

/** What a modern request says about itself. 2026-07-28 basic, "Per-request protocol fields". */
export interface RequestMeta {
  /** As sent; not yet checked against what is served. */
  readonly version: string;
  readonly clientInfo: JsonObject | undefined;
  readonly capabilities: JsonObject;
  /** `undefined`: the request wants no log messages. */
  readonly logLevel: LogLevel | undefined;
}

/**
 * Longest JSON text of a client's name, version and capabilities, in characters. They are kept while the client may come
 * back, and real ones have a few hundred.
 */
export const MAX_CLIENT_FACTS_CHARS = 16 * 1024;

/** What is told to a client whose facts are longer. `where` names the keys that hold them. */
export function clientFactsTooLarge(where: string): string {
  return `${where} are longer than the ${MAX_CLIENT_FACTS_CHARS} characters of JSON that this gateway keeps of a client.`;
}

/** Whether the params claim the modern era: their `_meta` names a protocol version. */
export function claimsModern(params: JsonObject): boolean {
  const meta = params["_meta"];
  return isObject(meta) && meta[META.protocolVersion] !== undefined;
}

/** Reads the protocol fields of a modern request, or says which key is missing or malformed. @throws never */
export function readRequestMeta(params: JsonObject): { readonly ok: true; readonly meta: RequestMeta } | Refusal {
  const meta = params["_meta"];
  if (!isObject(meta)) return refuse("PARAMS_INVALID", `params._meta must hold "${META.protocolVersion}".`);
  const version = meta[META.protocolVersion];
  if (typeof version !== "string") return badKey(META.protocolVersion, "a string");
  const capabilities = meta[META.clientCapabilities];
  if (!isObject(capabilities)) return badKey(META.clientCapabilities, "an object");
  const clientInfo = meta[META.clientInfo];
  if (clientInfo !== undefined && !isClientInfo(clientInfo)) {
    return badKey(META.clientInfo, "an object with the strings name and version");
  }
  const logLevel = meta[META.logLevel];
  if (logLevel !== undefined && !isLogLevel(logLevel)) return badKey(META.logLevel, "a log level");
  return { ok: true, meta: { version, clientInfo, capabilities, logLevel } };
}

/** Whether `value` is one of the eight log levels. */
export function isLogLevel(value: Json | undefined): value is LogLevel {
  return (LOG_LEVELS as readonly unknown[]).includes(value);
}

/** Whether a message of `level` is at or above `wanted`; an unknown level passes only the finest filter. */
export function reachesLevel(level: Json | undefined, wanted: LogLevel): boolean {
  return isLogLevel(level) ? LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(wanted) : wanted === "debug";
}

/** The progress token of a request, if it wants progress. */
export function progressTokenOf(params: JsonObject): string | number | undefined {
  const meta = params["_meta"];
  const given = isObject(meta) ? meta["progressToken"] : undefined;
  const token = numberIn(given) ?? given;
  return typeof token === "string" || (typeof token === "number" && Number.isInteger(token)) ? token : undefined;
}

/** The trace id of a W3C `traceparent`, `undefined` when there is none or it is malformed. Trace Context §3.2 */
export function traceIdOf(traceparent: Json | undefined): string | undefined {
  if (typeof traceparent !== "string") return undefined;
  const traceId = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent)?.[1];
  return traceId === "0".repeat(32) ? undefined : traceId;
}

function isClientInfo(value: Json): value is JsonObject {
  return isObject(value) && typeof value["name"] === "string" && typeof value["version"] === "string";
}

function badKey(key: string, wanted: string): Refusal {
  return refuse("PARAMS_INVALID", `params._meta["${key}"] must be ${wanted}.`);
}
