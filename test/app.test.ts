import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { expect, it } from "vitest";
import type { ApiEnv } from "../src/admin/api-env.ts";
import { createApp } from "../src/app.ts";
import type { ConsoleEnv } from "../src/console/console-env.ts";

const app = createApp({
  mcp: new Hono<{ Bindings: HttpBindings }>(),
  api: new Hono<ApiEnv>(),
  stepUp: new Hono(),
  console: new Hono<ConsoleEnv>(),
  readiness: () => ({
    state: "draining",
    policies: { digest: "d", count: 0, refused: false },
    upstreams: new Map(),
  }),
  isAdministrator: async () => false,
});

it.each(["/", "/mcp/", "/sse"])("tells who asks for %s where MCP is served", async (path) => {
  const answer = await app.request(path, { method: "POST" });
  expect(answer.status).toBe(404);
  expect(await answer.text()).toContain("/mcp/<name>");
});

it("is alive while it drains, but not ready", async () => {
  expect((await app.request("/healthz")).status).toBe(200);
  const ready = await app.request("/readyz", {}, { incoming: {} });
  expect([ready.status, await ready.json()]).toEqual([503, { status: "not ready" }]);
});
