import type { Ask, RpcError } from "../core/call.ts";
import { writeExact } from "../core/exact-json.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { RawJson } from "../core/raw-json.ts";
import type { RpcId } from "./messages.ts";

/** JSON-RPC envelopes, written around result bytes that are not parsed on the way. Every text here is one line. */

const CLOSE = Buffer.from("}");

/** The response that carries `result`. */
export function encodeResult(id: RpcId, result: RawJson): Buffer {
  return Buffer.concat([
    Buffer.from(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`),
    oneLine(result.bytes),
    CLOSE,
  ]);
}

/** The response whose result is already JSON text of one line. */
export function encodeResultText(id: RpcId, result: string): Buffer {
  return Buffer.from(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`);
}

/** An error response; without an id when the request's could not be read. 2026-07-28 basic, "Error Responses" */
export function encodeError(id: RpcId | undefined, error: RpcError): Buffer {
  return Buffer.from(writeExact({ jsonrpc: "2.0", ...(id === undefined ? {} : { id }), error }));
}

/** A notification. */
export function encodeNotification(method: string, params: JsonObject): string {
  return writeExact({ jsonrpc: "2.0", method, params });
}

/** A server's request to the client (legacy revisions only). */
export function encodeRequest(id: RpcId, ask: Ask): string {
  return writeExact({ jsonrpc: "2.0", id, method: ask.method, params: ask.params });
}

/**
 * The same object with `members` added in front, where it does not have them itself.
 */
export function withDefaults(object: RawJson, members: Readonly<Record<string, Json>>): RawJson {
  const missing = Object.keys(members).filter((name) => object.member(name) === undefined);
  if (missing.length === 0) return object;
  const text = missing.map((name) => `${JSON.stringify(name)}:${writeExact(members[name] ?? null)}`).join(",");
  const open = object.bytes.indexOf(0x7b);
  const comma = isEmpty(object, open) ? "" : ",";
  return RawJson.fromBytes(Buffer.concat([Buffer.from(`{${text}${comma}`), object.bytes.subarray(open + 1)]));
}

/** The same object with one more member at its end, which it must not have yet and which is not parsed on the way. */
export function withMember(object: RawJson, name: string, value: RawJson): RawJson {
  const close = object.bytes.lastIndexOf(0x7d);
  const comma = isEmpty(object, object.bytes.indexOf(0x7b)) ? "" : ",";
  const opening = Buffer.from(`${comma}${JSON.stringify(name)}:`);
  return RawJson.fromBytes(Buffer.concat([object.bytes.subarray(0, close), opening, value.bytes, CLOSE]));
}

function isEmpty(object: RawJson, open: number): boolean {
  for (let at = open + 1; at < object.bytes.length; at++) {
    const byte = object.bytes[at];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return byte === 0x7d;
  }
  return false;
}

/** JSON text on one line: inside a string a line break is always escaped, so that a raw one is only white space. */
export function oneLine(text: Buffer): Buffer {
  if (!text.includes(0x0a) && !text.includes(0x0d)) return text;
  return Buffer.from(text.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte)));
}
