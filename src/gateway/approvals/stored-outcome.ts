import type { RpcError } from "../../core/call.ts";
import { parseExact, writeExact } from "../../core/exact-json.ts";
import { isObject } from "../../core/json.ts";
import type { SettledOutcome } from "../../core/outcome.ts";
import { RawJson } from "../../core/raw-json.ts";

/** How a run ended, as far as it is kept for the one who asked. */
export type StoredOutcome = Extract<SettledOutcome, { kind: "result" | "error" | "withheld" }>;

const HEAD = Buffer.from('{"kind":"result","result":');
const TAIL = Buffer.from("}");

/** Writes an outcome as JSON. A result's own bytes stand in it as they are. */
export function encodeOutcome(outcome: StoredOutcome): Uint8Array {
  switch (outcome.kind) {
    case "result":
      return Buffer.concat([HEAD, outcome.result.bytes, TAIL]);
    case "error":
      return Buffer.from(writeExact({ kind: outcome.kind, error: outcome.error }));
    case "withheld":
      return Buffer.from(JSON.stringify({ kind: outcome.kind }));
    default:
      return outcome satisfies never;
  }
}

/** Reads it back; `undefined` if it is none. */
export function decodeOutcome(stored: Uint8Array): StoredOutcome | undefined {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  if (bytes.subarray(0, HEAD.length).equals(HEAD)) {
    const result = bytes.subarray(HEAD.length, bytes.length - TAIL.length);
    return { kind: "result", result: RawJson.fromBytes(result) };
  }
  const value = parseExact(bytes.toString("utf8"));
  if (!isObject(value)) return undefined;
  if (value["kind"] === "withheld") return { kind: "withheld" };
  const error = value["error"];
  return value["kind"] === "error" && isRpcError(error) ? { kind: "error", error } : undefined;
}

function isRpcError(value: unknown): value is RpcError {
  return isObject(value) && typeof value["code"] === "number" && typeof value["message"] === "string";
}
