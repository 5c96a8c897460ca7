import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { expect, it } from "vitest";
import type { ApiEnv } from "../../src/admin/api-env.ts";
import type { ConsoleEnv } from "../../src/console/console-env.ts";
import { createApp } from "../../src/main/app.ts";

const endpoint = (c: Context) => c.text(`endpoint ${c.req.param("name") ?? ""}`);

const app = createApp({
  mcp: new Hono<{ Bindings: HttpBindings }>().all("/mcp", endpoint).all("/mcp/", endpoint).all("/mcp/:name", endpoint),
  serveMcp: async (_bindings, name) => new Response(`endpoint ${name}`),
  api: new Hono<ApiEnv>(),
  stepUp: new Hono(),
  console: new Hono<ConsoleEnv>(),
  head: async () => undefined,
  readiness: () => ({
    state: "draining",
    policies: { digest: "d", count: 0, refused: false },
    upstreams: new Map(),
  }),
  isAdministrator: async () => false,
});

const ask = (path: string, init?: RequestInit) =>
  app.fetch(new Request(`http://localhost${path}`, init), { incoming: { url: path } } as HttpBindings);

it.each(["/", "/mcp/a/b", "/sse"])("tells who asks for %s where MCP is served", async (path) => {
  const answer = await ask(path, { method: "POST" });
  expect(answer.status).toBe(404);
  expect(await answer.text()).toContain("/mcp/<name>");
});

it("is alive while it drains, but not ready", async () => {
  expect((await ask("/healthz")).status).toBe(200);
  const ready = await ask("/readyz");
  expect([ready.status, await ready.json()]).toEqual([503, { status: "not ready" }]);
});

it.each([
  ["/mcp", ""],
  ["/mcp?x=1", ""],
  ["/mcp/", ""],
  ["/%6dcp", ""],
  ["/mcp/files", "files"],
  ["/mcp/files?x=/y", "files"],
  ["/mcp/files/", "files"],
  ["/mcp/fi%6ces", "files"],
  ["/mcp/fi.les", "fi.les"],
])("leads %s to the MCP endpoint", async (path, name) => {
  expect(await (await ask(path, { method: "POST" })).text()).toBe(`endpoint ${name}`);
});
