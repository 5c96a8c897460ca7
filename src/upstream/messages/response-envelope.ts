import { isUtf8 } from "node:buffer";
import { withoutMark } from "../../core/byte-order-mark.ts";
import type { RpcError } from "../../core/call.ts";
import { numberIn, parseExact, writeExact } from "../../core/exact-json.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { RawJson } from "../../core/raw-json.ts";
import type { UpstreamFault } from "../../core/round.ts";
import { type JsonLimits, scanJson } from "../../core/scan-json.ts";
import { oneLine } from "../../mcp/encode.ts";
import { EnvelopeNames } from "../../mcp/members/envelope-names.ts";
import { dropFrom, dropOurs } from "../../mcp/members/own-meta.ts";
import { type Message, type RpcId, readMessage } from "../../mcp/messages.ts";
import { answeredId, answeredIdAtEdges, ownId } from "./answered-id.ts";
import { type OddQuestion, oddQuestion, oddQuestionIn } from "./odd-question.ts";
import { straightened } from "./patient-answer.ts";

/**
 * A JSON-RPC message from an upstream. A result stays the bytes that it came in where it says one thing to all readers;
 * everything else is parsed. In no message is there a key of `_meta` that is the gateway's to write.
 */
export type Incoming =
  | { readonly kind: "result"; readonly id: RpcId; readonly result: RawJson }
  | { readonly kind: "error"; readonly id: RpcId | undefined; readonly error: RpcError }
  | Extract<Message, { kind: "request" | "notification" }>;

/** What an upstream sent and is not taken; `id` is that of the request which it seems to answer, `question` what it seems to ask. */
export interface Unreadable {
  readonly kind: "unreadable";
  readonly code: Extract<UpstreamFault["code"], "UPSTREAM_INVALID" | "UPSTREAM_TOO_LARGE">;
  readonly id: number | undefined;
  readonly question?: OddQuestion;
  readonly detail: string;
}

const MAX_ID_DIGITS = 15;

/**
 * Reads one message. Whatever it makes of the bytes is within `limits`, results that stay bytes too, so that those who
 * read them later need no bound of their own. @throws never
 */
export function readIncoming(given: Buffer, limits: JsonLimits): Incoming | Unreadable {
  const bytes = withoutMark(given);
  const names = new EnvelopeNames();
  const scan = scanJson(bytes, withEnvelope(limits), names);
  if (scan.kind === "JSON_MALFORMED") return asked(invalid(answeredIdAtEdges(bytes), NOT_MESSAGE), bytes);
  if (scan.kind !== "json") return asked(beyond(scan.kind, bytes, limits), bytes);
  // What is there twice is read once and written anew, and so is what may have to be changed.
  const kept = names.hasTwins || names.hasLookalikes || scan.hasOddNames ? undefined : keptResult(bytes, names);
  if (kept !== undefined) return kept;
  const value = parseExact(bytes.toString("utf8"));
  // A list of several stands where one message is expected: over a channel its parts are read one by one.
  const [only, ...more] = Array.isArray(value) ? (value as readonly Json[]) : [];
  if (isObject(only)) return more.length === 0 ? readIncoming(bytesOf(only), limits) : invalid(undefined, LIST);
  if (names.hasLookalikes) return asked(invalid(answeredId(value), AMBIGUOUS), value);
  dropOurs(value);
  const message = readMessage(straightened(value));
  if (message?.kind === "result") {
    return { kind: "result", id: ownId(message.id) ?? message.id, result: RawJson.fromValue(message.result) };
  }
  if (message?.kind === "error") {
    if (message.error.data !== undefined) dropFrom(message.error.data);
    return { ...message, id: ownId(message.id) ?? message.id };
  }
  return message ?? readLooseError(value) ?? asked(invalid(answeredId(value), NOT_MESSAGE), value);
}

/** With the question that it seems to be, from what could be read of it. */
function asked(unreadable: Unreadable, from: Json | Buffer): Unreadable {
  if (unreadable.id !== undefined) return unreadable;
  const question = Buffer.isBuffer(from)
    ? oddQuestionIn(from, unreadable.detail)
    : oddQuestion(from, unreadable.detail);
  return question === undefined ? unreadable : { ...unreadable, question };
}

/** The messages of a list (JSON-RPC's batch), each on its own; what is none stays as it came. @throws never */
export function partsOf(given: Buffer, limits: JsonLimits): readonly Buffer[] {
  const bytes = withoutMark(given);
  if (bytes[0] === 0x7b || !LIST_BEGINS.test(bytes.toString("latin1", 0, LIST_EDGE))) return [bytes];
  if (scanJson(bytes, withEnvelope(limits)).kind !== "json") return [bytes];
  const value = parseExact(bytes.toString("utf8"));
  return Array.isArray(value) && value.every(isObject) && value.length > 1 ? value.map(bytesOf) : [bytes];
}

const LIST_EDGE = 16;
const LIST_BEGINS = /^\s*\[\s*\{/;

function bytesOf(message: JsonObject): Buffer {
  return Buffer.from(writeExact(message));
}

/** What is within the limits stands in an envelope of one object with three members. */
function withEnvelope({ maxDepth, maxCount }: JsonLimits): JsonLimits {
  return { maxDepth: maxDepth + 1, maxCount: maxCount + 7 };
}

function invalid(id: number | undefined, detail: string): Unreadable {
  return { kind: "unreadable", code: "UPSTREAM_INVALID", id, detail };
}

const LIST = "It is a list of several messages.";
const NOT_MESSAGE = "It is not JSON-RPC.";
const AMBIGUOUS = "In it a member's name reads like another one's, or like one of the protocol's.";

function beyond(kind: "JSON_TOO_DEEP" | "JSON_TOO_MANY", bytes: Buffer, limits: JsonLimits): Unreadable {
  const detail =
    kind === "JSON_TOO_DEEP"
      ? `It is nested more than ${limits.maxDepth} levels deep.`
      : `It holds more than ${limits.maxCount} values and names, see server.json_values.`;
  return { kind: "unreadable", code: "UPSTREAM_TOO_LARGE", id: answeredIdAtEdges(bytes), detail };
}

// Servers in the field answer HTTP errors with `"id": null` and sometimes without `jsonrpc`; the code still counts.
function readLooseError(value: Json): Incoming | undefined {
  if (!isObject(value) || !isObject(value["error"]) || value["result"] !== undefined) return undefined;
  const { message } = value["error"];
  const code = numberIn(value["error"]["code"]);
  if (code === undefined || !Number.isInteger(code)) return undefined;
  return { kind: "error", id: undefined, error: { code, message: typeof message === "string" ? message : "" } };
}

/** Result and id as they stand in the text, of an envelope that holds these and its version alone, in whatever order. */
function keptResult(bytes: Buffer, names: EnvelopeNames): Incoming | undefined {
  if (names.size !== 3) return undefined;
  const jsonrpc = names.valueIn(bytes, "jsonrpc");
  const id = names.valueIn(bytes, "id");
  const result = names.valueIn(bytes, "result");
  if (jsonrpc === undefined || id === undefined || result === undefined) return undefined;
  if (jsonrpc.toString("latin1") !== '"2.0"' || id.length > MAX_ID_DIGITS || !/^\d+$/.test(id.toString("latin1"))) {
    return undefined;
  }
  if (result[0] !== 0x7b || !isUtf8(result) || mayHoldOurs(result)) return undefined;
  // A line break would end a server-sent event or a stdio message half-way. Nothing but the result has members below the envelope's.
  const own = RawJson.fromBytes(oneLine(result), names.namesAt(2));
  return { kind: "result", id: Number(id.toString("latin1")), result: own };
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
