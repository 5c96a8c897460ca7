import type { RpcError } from "../core/call.ts";
import { numberIn } from "../core/exact-json.ts";
import { isObject, type Json, type JsonObject } from "../core/json.ts";

/** A JSON-RPC id as MCP allows it: a string or an integer, never null. */
export type RpcId = string | number;

/** One JSON-RPC 2.0 message, `params` and `result` as they came. */
export type Message =
  | { readonly kind: "request"; readonly id: RpcId; readonly method: string; readonly params: JsonObject }
  | { readonly kind: "notification"; readonly method: string; readonly params: JsonObject }
  | { readonly kind: "result"; readonly id: RpcId; readonly result: JsonObject }
  | { readonly kind: "error"; readonly id: RpcId | undefined; readonly error: RpcError };

/** Reads one JSON-RPC message out of parsed JSON; `undefined` if it is none. @throws never */
export function readMessage(value: Json | undefined): Message | undefined {
  if (!isObject(value) || value["jsonrpc"] !== "2.0") return undefined;
  const { method, result, error } = value;
  const id = numberIn(value["id"]) ?? value["id"];
  if (typeof method === "string") {
    const params = readParams(value["params"]);
    if (params === undefined) return undefined;
    if (id === undefined) return { kind: "notification", method, params };
    return isRpcId(id) ? { kind: "request", id, method, params } : undefined;
  }
  if (result !== undefined && error !== undefined) return undefined;
  if (isObject(result) && isRpcId(id)) return { kind: "result", id, result };
  if (isObject(error)) {
    const { message, data } = error;
    const code = numberIn(error["code"]);
    if (code === undefined || !Number.isInteger(code) || typeof message !== "string") return undefined;
    if (id !== undefined && id !== null && !isRpcId(id)) return undefined;
    return { kind: "error", id: id ?? undefined, error: { code, message, ...(data === undefined ? {} : { data }) } };
  }
  return undefined;
}

/** Parameters by name; `undefined` for others. Serialisers of some languages write `null` or an empty list where there are none. */
export function readParams(params: Json | undefined): JsonObject | undefined {
  if (params === undefined || params === null || (Array.isArray(params) && params.length === 0)) return {};
  return isObject(params) ? params : undefined;
}

/** Whether a value is an id that a request may have. */
export function isRpcId(value: Json | undefined): value is RpcId {
  return typeof value === "string" || (typeof value === "number" && Number.isInteger(value));
}

/** The methods by which the four lists are read. */
export const LIST_METHODS = {
  tools: "tools/list",
  prompts: "prompts/list",
  resources: "resources/list",
  resourceTemplates: "resources/templates/list",
} as const;
export type ListKind = keyof typeof LIST_METHODS;
/** All kinds of lists, in the order in which they are named. */
export const LIST_KINDS: readonly ListKind[] = ["tools", "prompts", "resources", "resourceTemplates"];

/** What one item of a list is called. */
export const LIST_NOUNS: Readonly<Record<ListKind, string>> = {
  tools: "tool",
  prompts: "prompt",
  resources: "resource",
  resourceTemplates: "resource template",
};

/** Requests that an upstream may make of a client, and the client capability that each needs. */
export const INPUT_REQUEST_CAPABILITIES = {
  "elicitation/create": "elicitation",
  "sampling/createMessage": "sampling",
  "roots/list": "roots",
} as const;
