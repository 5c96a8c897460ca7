import type { RpcError } from "../../core/call.ts";
import { numberIn } from "../../core/exact-json.ts";
import { isObject, type Json } from "../../core/json.ts";
import { isRpcId, type RpcId } from "../../mcp/messages.ts";
import { idAtEnds, idOfRefused } from "../../mcp/refused-id.ts";

/** A question of a server that is not taken, and what it is answered with: without an answer it would wait for ever. */
export interface OddQuestion {
  readonly id: RpcId;
  readonly error: RpcError;
}

/** JSON-RPC's codes for what is no request, and for one whose parameters are wrong. */
const INVALID_REQUEST = -32600;
const INVALID_PARAMS = -32602;
/** Programs print logs as JSON, too: only what calls itself JSON-RPC asks. */
const NAMES_VERSION = /"jsonrpc"\s*:/;
const ENDS = 1_000;

/** The question that parsed JSON asks, which is no message. @throws never */
export function oddQuestion(value: Json, detail: string): OddQuestion | undefined {
  if (!isObject(value) || value["jsonrpc"] === undefined) return undefined;
  const { method, params, result, error } = value;
  const id = numberIn(value["id"]) ?? value["id"];
  if (method === undefined || result !== undefined || error !== undefined || !isRpcId(id)) return undefined;
  const wrongParams = typeof method === "string" && params !== undefined && !isObject(params);
  return wrongParams
    ? { id, error: { code: INVALID_PARAMS, message: "Invalid params: they are no object." } }
    : { id, error: { code: INVALID_REQUEST, message: `Invalid Request. ${detail}` } };
}

/** The same for bytes that are no JSON, or too much to be read. @throws never */
export function oddQuestionIn(bytes: Buffer, detail: string): OddQuestion | undefined {
  const head = bytes.toString("utf8", 0, ENDS);
  const tail = bytes.toString("utf8", Math.max(0, bytes.length - ENDS));
  if (!NAMES_VERSION.test(head) && !NAMES_VERSION.test(tail)) return undefined;
  return withId(idOfRefused(bytes.toString("utf8")), detail);
}

/** The same from the first and last bytes of what was too large to be kept. @throws never */
export function oddQuestionAtEdges(edges: Buffer, detail: string): OddQuestion | undefined {
  return withId(idAtEnds(edges.toString("utf8", 0, ENDS), edges.toString("utf8")), detail);
}

function withId(id: RpcId | undefined, detail: string): OddQuestion | undefined {
  return id === undefined ? undefined : { id, error: { code: INVALID_REQUEST, message: `Invalid Request. ${detail}` } };
}
