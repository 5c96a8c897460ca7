import { type Refusal, refuse } from "../../core/errors.ts";
import type { Message } from "../messages.ts";
import { decodeHeaderValue } from "./header-value.ts";

/** The headers that mirror the body, as they came. 2026-07-28 transports/streamable-http, "Request Metadata". */
export interface StandardHeaders {
  /** `MCP-Protocol-Version` */
  readonly protocolVersion: string | undefined;
  /** `Mcp-Method` */
  readonly method: string | undefined;
  /** `Mcp-Name` */
  readonly name: string | undefined;
}

/** The parameter that `Mcp-Name` mirrors, for the methods that have one. */
export const NAMED_BY: Readonly<Record<string, "name" | "uri" | "taskId">> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  // SEP-2663, "Streamable HTTP: Routing Headers"
  "tasks/get": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId",
};

/**
 * Whether the standard headers are there and say what the body says. The refusal names the header and never its value,
 * which could be a secret that went astray. 2026-07-28 transports/streamable-http, "Server Validation". @throws never
 */
export function checkStandardHeaders(
  headers: StandardHeaders,
  message: Extract<Message, { kind: "request" }>,
  version: string,
): Refusal | undefined {
  const { protocolVersion, method, name } = headers;
  if (protocolVersion === undefined) return mismatch("MCP-Protocol-Version is missing.");
  if (protocolVersion !== version) return mismatch("MCP-Protocol-Version differs from the version in params._meta.");
  if (method === undefined) return mismatch("Mcp-Method is missing.");
  if (method !== message.method) return mismatch("Mcp-Method differs from the body's method.");
  const key = Object.hasOwn(NAMED_BY, message.method) ? NAMED_BY[message.method] : undefined;
  if (key === undefined) return undefined;
  const wanted = message.params[key];
  // A body without the name is told so by the method's own check, which knows what it needs.
  if (typeof wanted !== "string") return undefined;
  if (name === undefined) return mismatch("Mcp-Name is missing.");
  const decoded = decodeHeaderValue(name.trim());
  if (decoded === undefined) return mismatch("Mcp-Name has invalid characters or is not valid base64.");
  return decoded === wanted ? undefined : mismatch(`Mcp-Name differs from the body's params.${key}.`);
}

function mismatch(detail: string): Refusal {
  return refuse("HEADER_MISMATCH", detail);
}
