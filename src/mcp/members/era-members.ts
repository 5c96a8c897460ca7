import { parseExact } from "../../core/exact-json.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { RawJson } from "../../core/raw-json.ts";
import { readTtl } from "../caching.ts";
import { META } from "../revisions.ts";
import { memberText, withMember, withMembers, withoutMembers } from "./raw-members.ts";

/** Members of results that revision 2026-07-28 has and no earlier one. Its schema, `Result` and `CacheableResult` */
const MODERN_MEMBERS: readonly string[] = ["resultType", "ttlMs", "cacheScope"];

/**
 * Keys that a revision gives a meaning in the `_meta` of what servers say. They are about the connection to the server:
 * what they mean to the gateway's own client, the gateway says. 2026-07-28 basic, "`_meta`"; 2025-11-25 basic/utilities/tasks
 */
const PROTOCOL_KEYS: ReadonlySet<string> = new Set([...Object.values(META), "io.modelcontextprotocol/related-task"]);

/**
 * The result of a request, from whichever server, as a client of an earlier revision gets it: its `structuredContent` is an
 * object there, so that anything else stands in one, where SDKs put it, too. 2025-11-25 server/tools, "Structured Content"
 */
export function asLegacyResult(result: RawJson): RawJson {
  return withMeta(withStructuredObject(withoutMembers(result, MODERN_MEMBERS)), (meta) => meta);
}

function withStructuredObject(result: RawJson): RawJson {
  const name = "structuredContent";
  if (result.mayHave(name) && areObjects(result.bytes, `"${name}"`)) return result;
  const text = memberText(result, name);
  if (text === undefined || OBJECT.test(text.toString("latin1", 0, 64))) return result;
  const wrapped = RawJson.fromBytes(Buffer.concat([Buffer.from('{"result":'), text, Buffer.from("}")]));
  return withMember(withoutMembers(result, [name]), name, wrapped);
}

/**
 * The complete result of a request, from whichever server, as a client of 2026-07-28 gets it. What is read is for its caller
 * alone, whatever the server said: policies decide who may read it, and what of it is taken out. Who made it is the server
 * where that says so, and else the gateway, which is `serverInfo`.
 */
export function asModernResult(method: string, result: RawJson, serverInfo: JsonObject): RawJson {
  const wanted: Record<string, Json> = { resultType: "complete" };
  if (method === "resources/read") {
    wanted["ttlMs"] = readTtl(result.member("ttlMs"));
    wanted["cacheScope"] = "private";
  }
  const complete = withMembers(result, wanted);
  if (!result.mayHave("_meta")) return withMember(complete, "_meta", signatureOf(serverInfo));
  return withMeta(complete, (rest, meta) => {
    const said = meta?.[META.serverInfo];
    return { ...rest, [META.serverInfo]: isServerInfo(said) ? said : serverInfo };
  });
}

/** What most results are signed with: written once, since they are one object for all of them. */
const SIGNATURES = new WeakMap<JsonObject, RawJson>();

function signatureOf(serverInfo: JsonObject): RawJson {
  const known = SIGNATURES.get(serverInfo);
  if (known !== undefined) return known;
  const signature = RawJson.fromValue({ [META.serverInfo]: serverInfo });
  SIGNATURES.set(serverInfo, signature);
  return signature;
}

const OBJECT = /^\s*\{/;
const IS_OBJECT = /^\s*:\s*\{/;

/** Whether all that stands behind this name, wherever it is, begins an object: told without reading the text. */
function areObjects(bytes: Buffer, name: string): boolean {
  for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 1)) {
    const from = at + name.length;
    if (!IS_OBJECT.test(bytes.toString("latin1", from, from + 64))) return false;
  }
  return true;
}

/** The params of what a server says by itself, as a client of any revision gets them. */
export function asClientParams(params: JsonObject): JsonObject {
  const { _meta: meta, ...others } = params;
  if (meta === undefined) return params;
  const rest = isObject(meta) ? withoutProtocolKeys(meta) : undefined;
  if (rest === meta) return params;
  return rest === undefined ? others : { ...others, _meta: rest };
}

/**
 * The same result with `_meta` as `write` makes it: of what it holds for the client, if anything, and of all that the server
 * said. One that is no object is none, since no client reads it.
 */
function withMeta(
  result: RawJson,
  write: (rest: JsonObject | undefined, said: JsonObject | undefined) => JsonObject | undefined,
): RawJson {
  const text = memberText(result, "_meta");
  const value = text === undefined ? undefined : parseExact(text.toString("utf8"));
  const said = isObject(value) ? value : undefined;
  const written = write(said && withoutProtocolKeys(said), said);
  if (written === value || (said !== undefined && written !== undefined && isSame(written, said))) return result;
  const others = text === undefined ? result : withoutMembers(result, ["_meta"]);
  return written === undefined ? others : withMember(others, "_meta", RawJson.fromValue(written));
}

/** The very object where it has none of them; `undefined` where it has nothing else. */
function withoutProtocolKeys(meta: JsonObject): JsonObject | undefined {
  const keys = Object.keys(meta);
  const kept = keys.filter((key) => !PROTOCOL_KEYS.has(key));
  if (kept.length === keys.length) return meta;
  return kept.length === 0 ? undefined : Object.fromEntries(kept.map((key) => [key, meta[key]]));
}

// Members are taken over, never written anew: whether each is the very same says enough.
function isSame(one: JsonObject, other: JsonObject): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}

// 2026-07-28 schema, `Implementation`
function isServerInfo(value: Json | undefined): boolean {
  return isObject(value) && typeof value["name"] === "string" && typeof value["version"] === "string";
}
