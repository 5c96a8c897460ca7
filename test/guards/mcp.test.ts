import { createServer } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, fromJsonSchema, McpServer } from "@modelcontextprotocol/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import type { GuardPhase } from "../../src/core/decision.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createGuards } from "../../src/guards/create-guards.ts";
import type { GuardAnswer } from "../../src/guards/guards.ts";
import { createInputSchemas } from "../../src/policy/input-schemas/input-schemas.ts";
import type { Upstreams } from "../../src/upstream/upstream.ts";
import { policyInput } from "../support/policy-inputs.ts";
import { httpUpstream } from "../support/upstream-options.ts";
import { startUpstreams } from "../support/upstreams.ts";

type ToolResult = { content: { type: "text"; text: string }[]; structuredContent?: JsonObject; isError?: boolean };

const asked: unknown[] = [];
let answer: () => ToolResult | Promise<ToolResult> = () => ({ content: [] });

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "filter", version: "1" });
  server.registerTool("check", { inputSchema: fromJsonSchema({ type: "object" }) }, (args) => {
    asked.push(args);
    return answer() as never;
  });
  return server;
});
const serve = toNodeHandler(handler);
const http = createServer((request, response) => void serve(request as Parameters<typeof serve>[0], response));
let upstreams: Upstreams;

beforeAll(async () => {
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = http.address();
  const port = typeof address === "object" ? address?.port : 0;
  upstreams = startUpstreams([httpUpstream("filter", `http://127.0.0.1:${port}/mcp`)]);
});
afterAll(async () => {
  await upstreams.close();
  await handler.close();
  http.closeAllConnections();
  http.close();
});

function check(content: JsonObject, phase: GuardPhase = "request", changes: object = {}): Promise<GuardAnswer> {
  const mcp = { upstream: "filter", tool: "check", timeoutMs: 20_000, maxBytes: 64 * 1024, ...changes };
  const guards = createGuards([{ name: "g", webhook: undefined, extMcp: undefined, mcp }], {
    inputSchemas: createInputSchemas(),
    upstreams,
    now: Date.now,
  });
  return guards.check("g", phase, policyInput(), content, new Cancellation());
}

const says = (...texts: string[]): ToolResult => ({ content: texts.map((text) => ({ type: "text", text })) });

describe("a tool as guard", () => {
  it("gets the same as a webhook", async () => {
    asked.length = 0;
    answer = () => says('{"decision":"pass"}');
    expect(await check({ a: 1 })).toEqual({ kind: "pass", labels: [] });
    expect(asked).toMatchObject([{ phase: "request", tool: { name: "create_expense" }, content: { a: 1 } }]);
  });

  it("answers with structured content, or else with one text", async () => {
    answer = () => ({ content: [], structuredContent: { decision: "deny", message: "No." } });
    expect(await check({})).toEqual({ kind: "deny", message: "No.", labels: [] });
    answer = () => says('{"decision":"replace","result":{"n":1.10}}');
    const replaced = await check({}, "result");
    expect(replaced.kind === "replace" && replaced.content["n"]).toMatchObject({ text: "1.10" });
  });

  it.each<[why: string, result: ToolResult]>([
    ["nothing", says()],
    ["two texts", says('{"decision":"pass"}', '{"decision":"pass"}')],
    ["a failure that says pass", { ...says('{"decision":"pass"}'), isError: true }],
    [
      "structured content of another form beside a text",
      { ...says('{"decision":"pass"}'), structuredContent: { ok: true } },
    ],
    ["no JSON", says("pass")],
    ["10 MB", says(`{"decision":"pass","message":"${"x".repeat(10_000_000)}"}`)],
    ["more than max_bytes", says(`{"decision":"pass","message":"${"x".repeat(100_000)}"}`)],
  ])("fails with %s", async (_, result) => {
    answer = () => result;
    expect(await check({})).toMatchObject({ kind: "error" });
  });

  it("fails when it throws, is not there, is late, or is asked too much", async () => {
    answer = () => Promise.reject(new Error("secret"));
    expect(await check({})).toEqual({ kind: "error", error: "Its tool failed." });
    answer = () => new Promise(() => {});
    expect(await check({}, "request", { timeoutMs: 300 })).toEqual({
      kind: "error",
      error: "It did not answer in time.",
    });
    expect(await check({}, "request", { tool: "none" })).toMatchObject({ kind: "error" });
    expect(await check({}, "request", { upstream: "none" })).toMatchObject({ kind: "error" });
    expect(await check({ a: "x".repeat(70_000) })).toMatchObject({ kind: "error" });
  });
});
