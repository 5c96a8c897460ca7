import { numberIn } from "../../core/exact-json.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { ownId } from "./answered-id.ts";

/** JSON-RPC's code for what it knows nothing nearer of. */
const INTERNAL_ERROR = -32603;
/** A code in words, as some servers write it, longer than which it is none. */
const MAX_CODE = 64;

/**
 * An answer to a request of ours as the protocol has it, where it is written in another way and says one thing all the same: without
 * its version, with a `null` beside its result or error, or an error without a code that is a number. All else stays as it is.
 */
export function straightened(value: Json): Json {
  if (!isObject(value) || value["method"] !== undefined) return value;
  const { jsonrpc = "2.0", id, result, error } = value;
  if (ownId(id) === undefined || id === undefined) return value;
  if (isObject(result) && (error === undefined || error === null)) return { jsonrpc, id, result };
  if (result !== undefined && result !== null) return value;
  const told = straightError(error);
  return told === undefined ? value : { jsonrpc, id, error: told };
}

function straightError(error: Json | undefined): JsonObject | undefined {
  if (typeof error === "string") return { code: INTERNAL_ERROR, message: error };
  if (!isObject(error)) return undefined;
  const { code, message, data } = error;
  const number = integerIn(code);
  if (typeof message !== "string" && number === undefined) return undefined;
  const words = typeof message === "string" ? message : "";
  const named = typeof code === "string" && number === undefined && code !== "" && code.length <= MAX_CODE;
  return {
    code: number ?? INTERNAL_ERROR,
    message: named ? `${code}: ${words}` : words,
    ...(data === undefined ? {} : { data }),
  };
}

function integerIn(code: Json | undefined): number | undefined {
  const number = typeof code === "string" && /^-?\d{1,9}$/.test(code) ? Number(code) : numberIn(code);
  return number !== undefined && Number.isInteger(number) ? number : undefined;
}
