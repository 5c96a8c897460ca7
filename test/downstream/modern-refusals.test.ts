import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Served, serveMcp } from "../support/mcp-endpoint.ts";
import { modern, modernMeta, send } from "../support/raw-mcp.ts";

let served: Served;

beforeEach(async () => {
  served = await serveMcp();
});

afterEach(() => served.stop());

const post = (...parts: Parameters<typeof modern>) => send(served.port, modern(...parts));
const tool = (name: string, more: Parameters<typeof modern>[2] = {}) => post("tools/call", { name }, more);

describe("requests that are refused", () => {
  const bare = { "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list" };
  const meta = modernMeta();
  const without = (key: string) => Object.fromEntries(Object.entries(meta).filter(([name]) => !name.endsWith(key)));
  const body = (params: object) => ({ jsonrpc: "2.0", id: "q", method: "tools/list", params: { ...params } });

  it.each([
    ["no _meta", {}, bare, -32602],
    ["no protocolVersion", { _meta: without("protocolVersion") }, bare, -32602],
    ["no clientCapabilities", { _meta: without("clientCapabilities") }, bare, -32602],
    ["a clientInfo that is none", { _meta: { ...meta, "io.modelcontextprotocol/clientInfo": 1 } }, bare, -32602],
    ["an unknown log level", { _meta: { ...meta, "io.modelcontextprotocol/logLevel": "loud" } }, bare, -32602],
    ["no version header", { _meta: meta }, { ...bare, "MCP-Protocol-Version": undefined }, -32020],
    ["another version header", { _meta: meta }, { ...bare, "MCP-Protocol-Version": "2025-11-25" }, -32020],
    ["no Mcp-Method", { _meta: meta }, { ...bare, "Mcp-Method": undefined }, -32020],
    ["another Mcp-Method", { _meta: meta }, { ...bare, "Mcp-Method": "TOOLS/LIST" }, -32020],
    ["a cursor of nobody", { _meta: meta, cursor: "x" }, bare, -32602],
  ])("with %s", async (_, params, headers, code) => {
    const answer = await send(served.port, { body: body(params), headers });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ id: "q", error: { code } });
  });

  it.each([
    [
      "in header and body",
      { "MCP-Protocol-Version": "2099-01-01" },
      { "io.modelcontextprotocol/protocolVersion": "2099-01-01" },
    ],
    [
      "of the legacy era",
      { "MCP-Protocol-Version": "2025-11-25" },
      { "io.modelcontextprotocol/protocolVersion": "2025-11-25" },
    ],
  ])("with a version that is not served this way, %s", async (_, headers, extra) => {
    const answer = await post("tools/list", {}, { headers, meta: extra });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      id: 1,
      error: {
        code: -32022,
        data: { supported: expect.arrayContaining(["2026-07-28"]), requested: expect.any(String) },
      },
    });
  });

  it("with a version header that nobody knows and no _meta", async () => {
    const answer = await send(served.port, {
      headers: { "MCP-Protocol-Version": "2031-01-01" },
      body: { jsonrpc: "2.0", id: 4, method: "tools/list" },
    });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ id: 4, error: { code: -32022, data: { requested: "2031-01-01" } } });
  });

  it.each(["initialize", "ping", "logging/setLevel", "resources/subscribe", "unknown/method", "toString", "__proto__"])(
    "with method %s, which this era does not have",
    async (method) => {
      const answer = await post(method);
      expect(answer.status).toBe(404);
      expect(answer.json).toMatchObject({ id: 1, error: { code: -32601 } });
    },
  );

  it("when no server has what they list", async () => {
    served.gateway.capabilitiesNow = { tools: {} };
    expect((await post("prompts/list")).status).toBe(404);
    expect((await post("tools/list")).status).toBe(200);
  });

  it.each([
    ["capabilities", { "io.modelcontextprotocol/clientCapabilities": { experimental: { x: "c".repeat(17_000) } } }],
    ["a name", { "io.modelcontextprotocol/clientInfo": { name: "n".repeat(17_000), version: "1" } }],
  ])("when the client would have more remembered of itself than anybody needs: %s", async (_, meta) => {
    for (const answer of [
      await tool("echo", { meta }),
      await post("subscriptions/listen", { notifications: {} }, { meta }),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ id: 1, error: { code: -32602 } });
      expect(answer.text).toContain("16384 characters");
    }
    expect(served.gateway.calls).toEqual([]);
  });

  it("when the params lack what their method needs", async () => {
    const answer = await post("tools/call", { name: "echo", arguments: [] });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { code: -32602 } });
    expect(served.gateway.calls).toEqual([]);
  });
});

describe("Mcp-Name", () => {
  it.each([
    ["missing", undefined, 400],
    ["another name", "canary-secret", 400],
    ["base64 of the name", "=?base64?ZWNobw==?=", 200],
    ["base64 without its padding", "=?base64?ZWNobw?=", 400],
    ["padded with spaces", "  echo ", 200],
  ])("%s", async (_, value, status) => {
    const answer = await tool("echo", { headers: { "Mcp-Name": value } });
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.json).toMatchObject({ id: 1, error: { code: -32020 } });
    if (status === 400) expect(answer.text).toContain("Mcp-Name");
    expect(answer.text).not.toContain("canary-secret");
  });
});

describe("Mcp-Param headers", () => {
  const regional = (args: object, headers: Record<string, string>) =>
    post("tools/call", { name: "regional", arguments: { ...args } }, { headers });

  it.each([
    ["that agree", { region: "eu", count: 42 }, { "Mcp-Param-Region": "eu", "Mcp-Param-Count": "42.0" }, 200],
    ["encoded", { region: "Zürich" }, { "Mcp-Param-Region": "=?base64?WsO8cmljaA==?=" }, 200],
    ["for values that are null or absent: none", { region: null }, {}, 200],
    ["missing", { region: "eu" }, {}, 400],
    ["that differ", { region: "eu" }, { "Mcp-Param-Region": "us" }, 400],
    ["with bad base64", { region: "eu" }, { "Mcp-Param-Region": "=?base64?!!!?=" }, 400],
    ["without an argument", {}, { "Mcp-Param-Region": "eu" }, 400],
    ["with an empty number", { count: 0 }, { "Mcp-Param-Count": "" }, 400],
    ["that no rule names", {}, { "Mcp-Param-Other": "x" }, 200],
  ])("%s", async (_, args, headers, status) => {
    const answer = await regional(args, headers);
    expect(answer.status).toBe(status);
    expect(served.gateway.calls).toHaveLength(status === 200 ? 1 : 0);
    if (status === 400) expect(answer.json).toMatchObject({ error: { code: -32020 } });
  });
});
