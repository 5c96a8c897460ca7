import { isUtf8 } from "node:buffer";
import type { RpcError } from "../core/call.ts";
import { isObject, type Json } from "../core/json.ts";
import { RawJson } from "../core/raw-json.ts";
import type { UpstreamFault } from "../core/round.ts";
import { type JsonLimits, scanJson } from "../core/scan-json.ts";
import { type Message, type RpcId, readMessage } from "../mcp/messages.ts";
import { dropFrom, dropOurs } from "../mcp/own-meta.ts";
import { SaidNames } from "../mcp/said-names.ts";

/**
 * A JSON-RPC message from an upstream. A result stays the bytes that it came in when its envelope has one of the two
 * shapes that servers write in practice, and says one thing to all readers; everything else is parsed. In no message is
 * there a key of `_meta` that is the gateway's to write.
 */
export type Incoming =
  | { readonly kind: "result"; readonly id: RpcId; readonly result: RawJson }
  | { readonly kind: "error"; readonly id: RpcId | undefined; readonly error: RpcError }
  | Extract<Message, { kind: "request" | "notification" }>;

/** What an upstream sent and is not taken; `id` is that of the request which it seems to answer. */
export interface Unreadable {
  readonly kind: "unreadable";
  readonly code: Extract<UpstreamFault["code"], "UPSTREAM_INVALID" | "UPSTREAM_TOO_LARGE">;
  readonly id: number | undefined;
  readonly detail: string;
}

const HEAD = Buffer.from('{"jsonrpc":"2.0","id":');
const RESULT = Buffer.from(',"result":');
const RESULT_FIRST = Buffer.from('{"result":');
const TAIL = Buffer.from(',"jsonrpc":"2.0","id":');
const MAX_ID_DIGITS = 15;
const EDGE_BYTES = 64;

/**
 * Reads one message. Whatever it makes of the bytes is within `limits`, results that stay bytes too, so that those who
 * read them later need no bound of their own. @throws never
 */
export function readIncoming(bytes: Buffer, limits: JsonLimits): Incoming | Unreadable {
  const taken = takeResult(bytes, limits);
  if (taken !== undefined) return taken;
  const names = new SaidNames();
  const scan = scanJson(bytes, limits, names);
  if (scan.kind === "JSON_MALFORMED") return notMessage(bytes);
  if (scan.kind !== "json") return beyond(scan.kind, bytes, limits);
  const value = JSON.parse(bytes.toString("utf8")) as Json;
  if (names.hasLookalikes) return ambiguous(isObject(value) && value["method"] !== undefined ? undefined : bytes);
  dropOurs(value);
  const message = readMessage(value);
  if (message?.kind === "result") {
    return { kind: "result", id: message.id, result: RawJson.fromValue(message.result) };
  }
  if (message?.kind === "error" && message.error.data !== undefined) dropFrom(message.error.data);
  return message ?? readLooseError(value) ?? notMessage(bytes);
}

/** The id that stands near the beginning or the end of a message that is not read as a whole. */
export function idAtEdges(bytes: Buffer): number | undefined {
  const tail = Math.max(0, bytes.length - EDGE_BYTES);
  const edges = `${bytes.toString("latin1", 0, EDGE_BYTES)} ${bytes.toString("latin1", tail)}`;
  const found = /"id":(\d{1,15})\b/.exec(edges);
  return found === null ? undefined : Number(found[1]);
}

function notMessage(bytes: Buffer): Unreadable {
  return { kind: "unreadable", code: "UPSTREAM_INVALID", id: idAtEdges(bytes), detail: "It is not JSON-RPC." };
}

/** `answer`: the bytes, unless they ask or tell something. */
function ambiguous(answer: Buffer | undefined): Unreadable {
  const detail = "In it a member's name reads like another one's, or like one of the protocol's.";
  const id = answer === undefined ? undefined : idAtEdges(answer);
  return { kind: "unreadable", code: "UPSTREAM_INVALID", id, detail };
}

function beyond(kind: "JSON_TOO_DEEP" | "JSON_TOO_MANY", bytes: Buffer, limits: JsonLimits): Unreadable {
  const detail =
    kind === "JSON_TOO_DEEP"
      ? `It is nested more than ${limits.maxDepth} levels deep.`
      : `It holds more than ${limits.maxCount} values and names, see server.json_values.`;
  return { kind: "unreadable", code: "UPSTREAM_TOO_LARGE", id: idAtEdges(bytes), detail };
}

// Servers in the field answer HTTP errors with `"id": null` and sometimes without `jsonrpc`; the code still counts.
function readLooseError(value: Json): Incoming | undefined {
  if (!isObject(value) || !isObject(value["error"]) || value["result"] !== undefined) return undefined;
  const { code, message } = value["error"];
  if (typeof code !== "number" || !Number.isInteger(code)) return undefined;
  return { kind: "error", id: undefined, error: { code, message: typeof message === "string" ? message : "" } };
}

function takeResult(bytes: Buffer, limits: JsonLimits): Incoming | Unreadable | undefined {
  if (bytes.length < 32 || bytes[bytes.length - 1] !== 0x7d) return undefined;
  if (startsWith(bytes, HEAD, 0)) {
    const digitsEnd = endOfDigits(bytes, HEAD.length);
    if (digitsEnd === HEAD.length || !startsWith(bytes, RESULT, digitsEnd)) return undefined;
    return slice(bytes, HEAD.length, digitsEnd, digitsEnd + RESULT.length, bytes.length - 1, limits);
  }
  if (startsWith(bytes, RESULT_FIRST, 0)) {
    const tail = bytes.lastIndexOf(TAIL);
    if (tail < 0) return undefined;
    const digits = tail + TAIL.length;
    const digitsEnd = endOfDigits(bytes, digits);
    if (digitsEnd === digits || digitsEnd !== bytes.length - 1) return undefined;
    return slice(bytes, digits, digitsEnd, RESULT_FIRST.length, tail, limits);
  }
  return undefined;
}

function slice(
  bytes: Buffer,
  idFrom: number,
  idTo: number,
  from: number,
  to: number,
  limits: JsonLimits,
): Incoming | Unreadable | undefined {
  const text = bytes.subarray(from, to);
  if (text[0] !== 0x7b || text[text.length - 1] !== 0x7d || !isUtf8(text)) return undefined;
  // Line breaks between tokens are legal JSON, but would end a server-sent event or a stdio message half-way.
  if (text.includes(0x0a) || text.includes(0x0d)) return undefined;
  const names = new SaidNames();
  const scan = scanJson(text, limits, names);
  // What is no JSON in here may be some as a whole: an object that closes earlier, with members of the envelope behind it.
  if (scan.kind === "JSON_MALFORMED") return undefined;
  if (scan.kind !== "json") return beyond(scan.kind, bytes, limits);
  if (names.hasLookalikes) return ambiguous(bytes);
  // What is there twice is read once and written anew, and so is what may have to be changed.
  if (names.hasTwins || scan.hasOddNames || mayHoldOurs(text)) return undefined;
  return { kind: "result", id: Number(bytes.toString("latin1", idFrom, idTo)), result: RawJson.fromBytes(text) };
}

const ESCAPED = /\\u00(?:3\d|[46][1-9a-f]|[57][\da]|5f)/i;

/**
 * Whether the text of a result, whose names are plain, may hold a key of the gateway's in a `_meta`, or hide by escapes what
 * it says of itself: no writer escapes letters, digits or `_`.
 */
function mayHoldOurs(bytes: Buffer): boolean {
  const text = bytes.toString("latin1");
  if (text.includes("\\u00") && ESCAPED.test(text)) return true;
  return (text.includes('"_m') || text.includes('"_M')) && /portcullis\//i.test(text);
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
