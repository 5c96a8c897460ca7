import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApiGateway, startApiGateway } from "../support/api-gateway.ts";

let api: ApiGateway;

beforeAll(async () => {
  api = await startApiGateway({ server: { trusted_proxies: ["loopback"] } });
});

afterAll(() => api.close());

/** Sends a head exactly as it stands here, and gives the status and the whole answer. */
async function sendHead(request: string, lines: readonly string[]): Promise<{ status: number; text: string }> {
  const client = connect(api.port, "127.0.0.1");
  let text = "";
  client.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
  });
  client.write(`${request} HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join("")}Connection: close\r\n\r\n`);
  await new Promise<void>((resolve) => client.once("close", () => resolve()));
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]), text };
}

const FACES = [
  ["the MCP endpoint", "POST /mcp"],
  ["the standing stream", "GET /mcp"],
  ["the end of a session", "DELETE /mcp"],
  ["the endpoint of one server", "POST /mcp/modern"],
  ["the metadata", "GET /.well-known/oauth-protected-resource/mcp"],
  ["the API", "GET /api/v1/approvals"],
  ["the description of the API", "GET /api/v1/openapi.json"],
  ["the console", "GET /console"],
  ["the sign-in", "POST /console/sign-in"],
  ["a step-up", "GET /step-up/aaaaaaaaaaaaaaaaaaaaaa"],
  ["the way back from the identity provider", "GET /oauth/callback"],
] as const;

const TWICE: readonly (readonly [string, readonly string[]])[] = [
  ["Host", ["Host: evil.example"]],
  ["Authorization", ["Authorization: Bearer a", "Authorization: Bearer b"]],
  ["Authorization in two spellings", ["Authorization: Bearer a", "aUTHORIZATION: Bearer b"]],
  ["Authorization in one line", ["Authorization: Bearer a, Bearer b"]],
  ["Authorization twice the same", ["Authorization: Bearer a", "Authorization: Bearer a"]],
  ["Origin", ["Origin: http://a.example", "Origin: http://b.example"]],
  ["Cookie", ["Cookie: a=1", "Cookie: b=2"]],
  ["Content-Type", ["Content-Type: application/json", "Content-Type: text/plain"]],
  ["Content-Type in one line", ["Content-Type: application/json; charset=utf-8, text/plain"]],
  ["Mcp-Session-Id", ["Mcp-Session-Id: a", "Mcp-Session-Id: b"]],
  ["MCP-Protocol-Version", ["MCP-Protocol-Version: 2025-11-25", "MCP-Protocol-Version: 2026-07-28"]],
  ["Mcp-Method", ["Mcp-Method: tools/list", "Mcp-Method: tools/call"]],
  ["Mcp-Name", ["Mcp-Name: a", "Mcp-Name: b"]],
  ["Mcp-Param-Region", ["Mcp-Param-Region: eu", "mcp-param-region: us"]],
  ["Last-Event-ID", ["Last-Event-ID: 1", "Last-Event-ID: 2"]],
  ["X-CSRF-Token", ["X-CSRF-Token: 1", "X-CSRF-Token: 2"]],
  ["User-Agent", ["User-Agent: a", "User-Agent: b"]],
  ["Forwarded", ["Forwarded: for=1.1.1.1", "Forwarded: for=2.2.2.2"]],
  ["Host behind a thousand others", [...Array<string>(1100).fill("A: b"), "Host: evil.example"]],
];

describe("a header that decides something", () => {
  it.each(FACES.flatMap(([face, request]) => TWICE.map(([what, lines]) => [what, face, request, lines] as const)))(
    "is refused when it comes twice: %s, at %s",
    async (_what, _face, request, lines) => {
      const { status, text } = await sendHead(request, [`Host: 127.0.0.1:${api.port}`, ...lines]);
      expect([status, text]).toEqual([400, expect.not.stringContaining("Bearer a")]);
    },
  );

  it.each(FACES)("is fine when it comes once, at %s", async (_face, request) => {
    const once = ["Authorization: Bearer a", "Cookie: a=1; b=2", "User-Agent: a, b", "Mcp-Name: a, b", "Accept: a"];
    const { text } = await sendHead(request, [`Host: 127.0.0.1:${api.port}`, ...once, "Accept: b"]);
    expect([/^HTTP\/1\.1 400/.test(text), /"code":"HEADER_REPEATED"|cannot be believed/.test(text)]).not.toEqual([
      true,
      true,
    ]);
  });

  it.each(FACES)("refuses whoever a trusted proxy does not name readably, at %s", async (_face, request) => {
    const lines = [`Host: 127.0.0.1:${api.port}`, "X-Forwarded-For: unknown"];
    expect((await sendHead(request, lines)).status).toBe(400);
  });
});
