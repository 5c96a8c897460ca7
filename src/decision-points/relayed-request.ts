import { writeExact } from "../core/exact-json.ts";
import type { JsonObject } from "../core/json.ts";
import type { PolicyInput } from "../policy/policy-set.ts";

/** A request as a proxy before a server of MCP would show it to its authorization service: path, headers and body. */
export interface RelayedRequest {
  /** `/mcp`, or `/mcp/<endpoint>`. */
  readonly path: string;
  /** Those of the allow-list that are one text, lower-case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The message of JSON-RPC that its server gets. */
  readonly body: string;
}

/** Credentials, and what only the gateway says of the caller: where it says nothing, nobody else does. */
const NOT_RELAYED = /^(?:authorization|cookie|proxy-authorization|x-api-key|x-portcullis-.*)$/i;

/** Writes a request as its server gets it. The id is that of the record. */
export function relayedRequest(input: PolicyInput): RelayedRequest {
  const { request } = input;
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    typeof value === "string" && !NOT_RELAYED.test(name) ? [[name, value] as const] : [],
  );
  const message = { jsonrpc: "2.0", id: request.id, method: request.method, params: paramsOf(input) };
  return {
    path: request.endpoint === "" ? "/mcp" : `/mcp/${request.endpoint}`,
    headers: { ...Object.fromEntries(headers), "content-type": "application/json" },
    body: writeExact(message),
  };
}

function paramsOf({ subject, arguments: args, request }: PolicyInput): JsonObject {
  const { kind, name } = subject;
  if (request.method === "completion/complete") {
    const ref = kind === "prompt" ? { type: "ref/prompt", name } : { type: "ref/resource", uri: name };
    return { ref, context: { arguments: args } };
  }
  return kind === "resource" ? { uri: name } : { name, arguments: args };
}
