import type { IncomingMessage, ServerResponse } from "node:http";

/** Cross-origin headers, for origins that the host policy already let through. Fetch standard, "HTTP CORS protocol". */

const EXPOSED = "Mcp-Session-Id, WWW-Authenticate, Retry-After, MCP-Protocol-Version";
const METHODS = "GET, POST, DELETE, OPTIONS";
const REQUEST_HEADERS = new Set([
  "accept",
  "authorization",
  "content-type",
  "last-event-id",
  "mcp-method",
  "mcp-name",
  "mcp-protocol-version",
  "mcp-session-id",
  "traceparent",
  "tracestate",
  "x-request-id",
]);

/** Lets the page of `origin` read the answer. Must run before the answer's head is written. */
export function allowOrigin(outgoing: ServerResponse, origin: string | undefined): void {
  if (origin === undefined) return;
  outgoing.setHeader("Access-Control-Allow-Origin", origin);
  outgoing.setHeader("Access-Control-Expose-Headers", EXPOSED);
  outgoing.setHeader("Vary", "Origin");
}

/** Answers a preflight: the headers of this protocol, any `Mcp-Param-*` and that of keys among them, and no others. */
export function answerPreflight(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  apiKeyHeader: string | undefined,
): void {
  const asked = incoming.headers["access-control-request-headers"] ?? "";
  const allowed = asked
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter(
      (name) => REQUEST_HEADERS.has(name) || name === apiKeyHeader || /^mcp-param-[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name),
    );
  outgoing.setHeader("Access-Control-Allow-Methods", METHODS);
  outgoing.setHeader("Access-Control-Allow-Headers", allowed.join(", "));
  outgoing.setHeader("Access-Control-Max-Age", "600");
  outgoing.writeHead(204).end();
}
