import { isUtf8 } from "node:buffer";
import type { RpcError } from "../core/call.ts";
import { isObject, type Json } from "../core/json.ts";
import { RawJson } from "../core/raw-json.ts";
import { type Message, type RpcId, readMessage } from "../mcp/messages.ts";

/**
 * A JSON-RPC message from an upstream. A result stays the bytes that it came in when its envelope has one of the two
 * shapes that servers write in practice; everything else is parsed.
 */
export type Incoming =
  | { readonly kind: "result"; readonly id: RpcId; readonly result: RawJson }
  | { readonly kind: "error"; readonly id: RpcId | undefined; readonly error: RpcError }
  | Extract<Message, { kind: "request" | "notification" }>;

/** Up to this size parsing costs next to nothing, and finds garbage before a client does. */
const VALIDATE_BYTES = 16 * 1024;

const HEAD = Buffer.from('{"jsonrpc":"2.0","id":');
const RESULT = Buffer.from(',"result":');
const RESULT_FIRST = Buffer.from('{"result":');
const TAIL = Buffer.from(',"jsonrpc":"2.0","id":');
const MAX_ID_DIGITS = 15;

/** Reads one message; `undefined` when the bytes are no JSON-RPC message. @throws never */
export function readIncoming(bytes: Buffer): Incoming | undefined {
  const taken = takeResult(bytes);
  if (taken !== undefined) return taken;
  let value: Json;
  try {
    value = JSON.parse(bytes.toString("utf8")) as Json;
  } catch {
    return undefined;
  }
  const message = readMessage(value);
  if (message?.kind === "result") {
    return { kind: "result", id: message.id, result: RawJson.fromValue(message.result) };
  }
  if (message !== undefined) return message;
  return readLooseError(value);
}

// Servers in the field answer HTTP errors with `"id": null` and sometimes without `jsonrpc`; the code still counts.
function readLooseError(value: Json): Incoming | undefined {
  if (!isObject(value) || !isObject(value["error"])) return undefined;
  const { code, message } = value["error"];
  if (typeof code !== "number" || !Number.isInteger(code)) return undefined;
  return { kind: "error", id: undefined, error: { code, message: typeof message === "string" ? message : "" } };
}

function takeResult(bytes: Buffer): Incoming | undefined {
  if (bytes.length < 32 || bytes[bytes.length - 1] !== 0x7d) return undefined;
  if (startsWith(bytes, HEAD, 0)) {
    const digitsEnd = endOfDigits(bytes, HEAD.length);
    if (digitsEnd === HEAD.length || !startsWith(bytes, RESULT, digitsEnd)) return undefined;
    return slice(bytes, HEAD.length, digitsEnd, digitsEnd + RESULT.length, bytes.length - 1);
  }
  if (startsWith(bytes, RESULT_FIRST, 0)) {
    const tail = bytes.lastIndexOf(TAIL);
    if (tail < 0) return undefined;
    const digits = tail + TAIL.length;
    const digitsEnd = endOfDigits(bytes, digits);
    if (digitsEnd === digits || digitsEnd !== bytes.length - 1) return undefined;
    return slice(bytes, digits, digitsEnd, RESULT_FIRST.length, tail);
  }
  return undefined;
}

function slice(bytes: Buffer, idFrom: number, idTo: number, from: number, to: number): Incoming | undefined {
  const text = bytes.subarray(from, to);
  if (text[0] !== 0x7b || text[text.length - 1] !== 0x7d || !isUtf8(text)) return undefined;
  // Line breaks between tokens are legal JSON, but would end a server-sent event or a stdio message half-way.
  if (text.includes(0x0a) || text.includes(0x0d)) return undefined;
  const id = Number(bytes.toString("latin1", idFrom, idTo));
  if (text.length > VALIDATE_BYTES) {
    return isOneObject(text) ? { kind: "result", id, result: RawJson.fromBytes(text) } : undefined;
  }
  let value: Json;
  try {
    value = JSON.parse(text.toString("utf8")) as Json;
  } catch {
    return undefined;
  }
  return { kind: "result", id, result: RawJson.fromBytes(text, value) };
}

/**
 * Whether the brackets of `text` close exactly at its last byte. A result is relayed inside an envelope of our own, so
 * text that closes earlier could write members into that envelope.
 */
function isOneObject(text: Buffer): boolean {
  const last = text.length - 1;
  let depth = 0;
  for (let at = 0; at <= last; at++) {
    const byte = text[at];
    if (byte === 0x22) {
      for (at++; at <= last && text[at] !== 0x22; at++) if (text[at] === 0x5c) at++;
    } else if (byte === 0x7b || byte === 0x5b) depth++;
    else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) return at === last;
  }
  return false;
}

function startsWith(bytes: Buffer, prefix: Buffer, at: number): boolean {
  if (bytes.length < at + prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false;
  return true;
}

function endOfDigits(bytes: Buffer, from: number): number {
  let at = from;
  for (; at < from + MAX_ID_DIGITS; at++) {
    const byte = bytes[at];
    if (byte === undefined || byte < 0x30 || byte > 0x39) break;
  }
  return at;
}
