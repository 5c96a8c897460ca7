import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../src/core/digest.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { type Served, serveMcp } from "../support/mcp-endpoint.ts";
import { initialize, send } from "../support/raw-mcp.ts";

let served: Served;

beforeEach(async () => {
  served = await serveMcp();
});

afterEach(() => served.stop());

const call = (name: string, more: object = {}) => ({ name, ...more });
const elicitation = { elicitation: {} };

describe("initialize", () => {
  it.each([
    ...SUPPORTED_PROTOCOL_VERSIONS.map((version) => [version, version]),
    ["2024-11-05", "2024-11-05"],
    ["2099-01-01", "2025-11-25"],
  ])("answers version %s with %s", async (version, negotiated) => {
    const { result, id } = await initialize(served.port, { version });
    expect(result).toEqual({
      protocolVersion: negotiated,
      capabilities: served.gateway.capabilitiesNow,
      serverInfo: { name: "portcullis", version: "1.2.3" },
      instructions: "Tools that each do one thing.",
    });
    expect(id).toMatch(/^[\w-]{22}$/);
  });

  it.each(SUPPORTED_PROTOCOL_VERSIONS)("serves a client of %s that names it with every message", async (version) => {
    const session = await initialize(served.port, { version });
    const answer = await session.request("tools/call", call("echo"), { "MCP-Protocol-Version": version });
    expect(answer.json).toMatchObject({ result: { content: [{ type: "text" }] } });
  });

  it("stores the session's facts under the digest of its id, never the id", async () => {
    const { id } = await initialize(served.port, { capabilities: elicitation, path: "/mcp/one" });
    const row = served.sessions.rows.get(sha256(id));
    expect(row).toMatchObject({
      issuer: "https://idp.test",
      subject: "alice",
      endpoint: "one",
      protocolVersion: "2025-11-25",
      clientInfo: { name: "raw", version: "0" },
      capabilities: elicitation,
    });
    expect(JSON.stringify(row)).not.toContain(id);
  });

  it("refuses params that say nothing of the client", async () => {
    const body = { jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-11-25" } };
    const answer = await send(served.port, { body });
    expect(answer.status).toBe(400);
    expect(answer.headers).not.toHaveProperty("mcp-session-id");
  });
});

const init = (clientInfo: object, capabilities: object) => ({
  body: {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", clientInfo: { ...clientInfo }, capabilities: { ...capabilities } },
  },
});

describe("what is kept of a client", () => {
  it("is its name, title and version, not its icons", async () => {
    const icons = [{ src: `data:image/png;base64,${"A".repeat(100_000)}` }];
    const answer = await send(served.port, init({ name: "big", title: "Big", version: "1", icons }, elicitation));
    expect(answer.status).toBe(200);
    expect([...served.sessions.rows.values()]).toMatchObject([
      { clientInfo: { name: "big", title: "Big", version: "1" }, capabilities: elicitation },
    ]);
    expect(JSON.stringify([...served.sessions.rows.values()]).length).toBeLessThan(1_000);
  });

  it.each([
    ["a name", init({ name: "n".repeat(17_000), version: "1" }, {})],
    ["capabilities", init({ name: "n", version: "1" }, { experimental: { x: "c".repeat(17_000) } })],
  ])("is never as large as %s of 17,000 characters", async (_, request) => {
    const answer = await send(served.port, request);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ id: 1, error: { code: -32602 } });
    expect(answer.text).toContain("16384 characters");
    expect(served.sessions.rows.size).toBe(0);
  });
});

describe("a session", () => {
  it("is needed for every other request", async () => {
    const body = { jsonrpc: "2.0", id: 1, method: "tools/list" };
    expect((await send(served.port, { body })).status).toBe(400);
    expect((await send(served.port, { method: "GET" })).status).toBe(400);
    expect((await send(served.port, { method: "DELETE" })).status).toBe(400);
  });

  it("is known to nobody else, on no other endpoint, and after its end to nobody", async () => {
    const own = await initialize(served.port);
    const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
    const asks = (headers: Record<string, string>, path = "/mcp") =>
      send(served.port, { path, headers: { ...own.headers, ...headers }, body: ping });
    expect((await asks({})).status).toBe(200);
    const answers = [
      await asks({ Authorization: "Bearer bob" }),
      await asks({}, "/mcp/one"),
      await asks({ "Mcp-Session-Id": "AAAAAAAAAAAAAAAAAAAAAA" }),
    ];
    await send(served.port, { method: "DELETE", headers: own.headers });
    answers.push(await asks({}));
    expect(answers.map((answer) => answer.status)).toEqual([404, 404, 404, 404]);
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
  });

  it("cannot be ended, listened to or resumed by somebody else", async () => {
    const own = await initialize(served.port);
    const headers = { ...own.headers, Authorization: "Bearer bob" };
    expect((await send(served.port, { method: "DELETE", headers })).status).toBe(404);
    expect((await send(served.port, { method: "GET", headers })).status).toBe(404);
    expect(served.sessions.rows.size).toBe(1);
  });

  it("ends with a DELETE: its calls are cancelled and the gateway forgets it", async () => {
    const own = await initialize(served.port);
    const waiting = own.request("tools/call", call("wait"));
    await served.gateway.arrived(1);
    const answer = await send(served.port, { method: "DELETE", headers: own.headers });
    expect(answer.status).toBe(204);
    await waiting;
    expect(served.gateway.calls[0]?.cancellation.cancelled).toBe(true);
    expect(served.gateway.released).toEqual([`legacy:${sha256(own.id)}`]);
  });

  it("goes on while the store cannot say whether it still is", async () => {
    const own = await initialize(served.port);
    served.sessions.exists = () => Promise.reject(new Error("disk I/O error"));
    expect((await own.request("ping")).status).toBe(200);
  });

  it.each(["2025-11-25", "2025-06-18"])("takes version header %s", async (version) => {
    const own = await initialize(served.port);
    expect((await own.request("ping", {}, { "MCP-Protocol-Version": version })).status).toBe(200);
  });

  it("refuses a version header that nobody knows", async () => {
    const own = await initialize(served.port);
    const version = { "MCP-Protocol-Version": "1999-01-01" };
    const headers = { ...own.headers, ...version };
    const answers = [
      await own.request("ping", {}, version),
      await send(served.port, { headers, body: [{ jsonrpc: "2.0", id: 1, method: "ping" }] }),
      await send(served.port, { method: "GET", headers }),
      await send(served.port, { method: "DELETE", headers }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ error: { code: -32022, data: { requested: "1999-01-01" } } });
    }
    expect(served.sessions.rows.size).toBe(1);
  });

  it("ends for good when its principal opens too many, the idlest first, and nobody else's does", async () => {
    await served.stop();
    served = await serveMcp({ limits: { maxSessionsPerPerson: 2 } });
    const bob = await initialize(served.port, { user: "bob" });
    const [first, second, third] = [
      await initialize(served.port),
      await initialize(served.port),
      await initialize(served.port),
    ];
    expect(served.sessions.rows.size).toBe(3);
    expect((await first.request("ping")).status).toBe(404);
    for (const session of [bob, second, third]) expect((await session.request("ping")).status).toBe(200);
    await Promise.all([second.get(), third.get()]);
    expect((await send(served.port, init({ name: "n", version: "1" }, {}))).status).toBe(503);
  });

  it("watches no resource whose URI is longer than anybody writes one", async () => {
    const own = await initialize(served.port, { capabilities: elicitation });
    const answer = await own.request("resources/subscribe", { uri: `test://${"a".repeat(8_200)}` });
    expect(answer.json).toMatchObject({ error: { code: -32602 } });
    expect(served.gateway.watching.size).toBe(0);
  });

  it("costs no write to the store per call, and one per minute in all", async () => {
    const own = await initialize(served.port);
    for (let i = 0; i < 5; i++) await own.request("ping");
    expect(served.sessions.writes).toEqual(["create"]);
    served.pass(60_001);
    await own.request("ping");
    served.pass(1_000);
    await own.request("ping");
    await expect.poll(() => served.sessions.writes).toEqual(["create", "update lastSeenAt"]);
  });

  it("is reaped when idle, but not while somebody listens", async () => {
    await initialize(served.port);
    const listening = await initialize(served.port);
    await listening.get();
    served.pass(25 * 60 * 60 * 1000);
    await expect.poll(() => served.sessions.rows.size).toBe(1);
    expect(served.sessions.rows.has(sha256(listening.id))).toBe(true);
    expect(served.gateway.released).toHaveLength(1);
  });

  it("lives on through a restart of the gateway, with its level and its subscriptions", async () => {
    const own = await initialize(served.port, { capabilities: elicitation });
    await own.request("logging/setLevel", { level: "error" });
    await own.request("resources/subscribe", { uri: "test://a" });
    await own.request("resources/subscribe", { uri: "test://b" });
    await served.stop();
    served = await serveMcp({ sessions: served.sessions });
    const again = { ...own.headers };
    const answer = await send(served.port, {
      headers: again,
      body: { jsonrpc: "2.0", id: 1, method: "tools/call", params: call("echo") },
    });
    expect(answer.status).toBe(200);
    expect(served.gateway.calls[0]).toMatchObject({
      logLevel: "error",
      session: sha256(own.id),
      client: { name: "raw" },
      peer: { capabilities: elicitation },
    });
    await expect.poll(() => served.gateway.watching.get("test://a")?.size).toBe(1);
    await send(served.port, {
      headers: again,
      body: { jsonrpc: "2.0", id: 2, method: "resources/unsubscribe", params: { uri: "test://a" } },
    });
    expect(served.sessions.rows.get(sha256(own.id))?.subscriptions).toEqual(["test://b"]);
  });

  it("takes up its subscriptions after a restart, whether or not their servers are there, and lets go of those it no longer wants", async () => {
    const own = await initialize(served.port);
    for (const uri of ["test://a", "test://b"]) await own.request("resources/subscribe", { uri });
    await served.stop();
    served = await serveMcp({ sessions: served.sessions });
    const { gateway } = served;
    gateway.unlisted.add("test://a").add("test://b");
    const request = (method: string, params: JsonObject) =>
      send(served.port, { headers: { ...own.headers }, body: { jsonrpc: "2.0", id: 1, method, params } });
    expect((await request("ping", {})).status).toBe(200);
    expect((await request("resources/unsubscribe", { uri: "test://b" })).status).toBe(200);
    expect(gateway.watching.get("test://a")?.size).toBe(1);
    expect(gateway.watching.get("test://b")?.size).toBe(0);
    expect(served.sessions.rows.get(sha256(own.id))?.subscriptions).toEqual(["test://a"]);
  });

  it("makes room for another when memory is full, and comes back from the store", async () => {
    await served.stop();
    served = await serveMcp({ limits: { maxSessions: 1 } });
    const first = await initialize(served.port);
    await initialize(served.port);
    expect(served.endpoint.stats().sessions).toBe(1);
    expect((await first.request("ping")).status).toBe(200);
  });
});
