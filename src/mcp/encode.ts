import type { InputRequest, RpcError } from "../core/call.ts";
import { writeExact } from "../core/exact-json.ts";
import type { JsonObject } from "../core/json.ts";
import type { RawJson } from "../core/raw-json.ts";
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
export function encodeRequest(id: RpcId, inputRequest: InputRequest): string {
  return writeExact({ jsonrpc: "2.0", id, method: inputRequest.method, params: inputRequest.params });
}

/** JSON text on one line: inside a string a line break is always escaped, so that a raw one is only white space. */
export function oneLine(text: Buffer): Buffer {
  if (!text.includes(0x0a) && !text.includes(0x0d)) return text;
  return Buffer.from(text.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte)));
}
