import { createHash } from "node:crypto";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStoreReader } from "../../src/store/open-store.ts";
import { connectRaw, connectSdk1 } from "../support/clients.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type LegacyUpstream, startLegacyUpstream } from "../support/legacy-upstream.ts";
import { type ModernUpstream, startModernUpstream } from "../support/modern-upstream.ts";

const NO_SHOUTING = `policies:
  - id: no-shouting
    target: { tools: ["modern/echo", "second/echo"] }
    when: args.text == "SHOUT"
    then: { deny: { message: "Please do not shout." } }
`;

let modern: ModernUpstream;
let legacy: LegacyUpstream;
let gateway: TestGateway;

beforeEach(async () => {
  modern = await startModernUpstream();
  legacy = await startLegacyUpstream();
  gateway = await startTestGateway(
    { upstreams: { modern: { url: modern.url }, legacy: { url: legacy.url } } },
    { "shouting.yaml": NO_SHOUTING },
  );
});

afterEach(async () => {
  await gateway.close();
  await Promise.all([modern.close(), legacy.close()]);
});

describe("a gateway that is restarted", () => {
  it("still knows the sessions of its clients, which do nothing about it", async () => {
    const client = await connectSdk1(gateway.mcp);
    expect(await client.call("legacy__echo", { n: 1 })).toMatchObject({ isError: false });
    await gateway.restart();
    expect(await client.call("legacy__echo", { n: 2 })).toMatchObject({ text: '{"n":2}', isError: false });
    await client.close();
  });

  it("keeps the audit as one chain", async () => {
    const client = await connectRaw(gateway.mcp);
    await client.call("modern__echo", { text: "before" });
    await gateway.restart();
    await client.call("modern__echo", { text: "SHOUT" });
    // The end of a call is written a moment after its answer.
    const ended = await eventually(async () => {
      const calls = await recorded(gateway);
      return calls.every((call) => call.outcome !== null) ? calls : undefined;
    });
    expect(ended).toEqual([
      { tool: "echo", decision: "allow", outcome: "ok" },
      { tool: "echo", decision: "deny", outcome: "denied" },
    ]);
  });
});

describe("policies", () => {
  it("decide by arguments, tell the model why, and leave a record", async () => {
    const client = await connectSdk1(gateway.mcp);
    expect(await client.call("modern__echo", { text: "hello" })).toMatchObject({ text: "hello", isError: false });
    expect(await client.call("modern__echo", { text: "SHOUT" })).toMatchObject({
      text: "Please do not shout.",
      isError: true,
    });
    await client.close();
  });

  it("are replaced while the gateway runs, and a bad file changes nothing", async () => {
    const client = await connectRaw(gateway.mcp);
    gateway.writePolicy("shouting.yaml", NO_SHOUTING.replace("SHOUT", "hush"));
    await eventually(async () => ((await client.call("modern__echo", { text: "hush" })).isError ? true : undefined));
    expect(await client.call("modern__echo", { text: "SHOUT" })).toMatchObject({ isError: false });

    gateway.writePolicy("shouting.yaml", NO_SHOUTING.replace("args.text ==", "args.text =="));
    gateway.writePolicy("more.yaml", "policies:\n  - id: broken\n    when: args.text ===\n    then: { deny: {} }\n");
    await eventually(async () => (gateway.logged.some((line) => line.includes("more.yaml:3")) ? true : undefined));
    expect(await client.call("modern__echo", { text: "hush" })).toMatchObject({ isError: true });
    expect(gateway.running.wired.policies.errors()).toHaveLength(1);
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
  });
});

describe("a changed configuration", () => {
  it("brings and takes upstreams live, and clients of both eras hear of it", async () => {
    const old = new LegacyClient({ name: "old", version: "1" });
    let oldHeard = 0;
    old.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      oldHeard++;
    });
    await old.connect(new LegacyTransport(new URL(gateway.mcp)) as Transport);

    const current = new ModernClient({ name: "new", version: "1" }, { versionNegotiation: { mode: "auto" } });
    let currentHeard = 0;
    current.setNotificationHandler("notifications/tools/list_changed", () => {
      currentHeard++;
    });
    await current.connect(new ModernTransport(new URL(gateway.mcp)));
    await current.listen({ toolsListChanged: true });

    const names = async () => (await old.listTools()).tools.map((tool) => tool.name);
    expect(await names()).toEqual(expect.arrayContaining(["modern__echo", "legacy__echo"]));

    gateway.reconfigure({ upstreams: { legacy: { url: legacy.url }, second: { url: modern.url } } });
    await eventually(async () => {
      const now = await names();
      return now.includes("second__echo") && !now.includes("modern__echo") ? now : undefined;
    });
    expect((await old.callTool({ name: "second__echo", arguments: { text: "hi" } })).content).toEqual([
      { type: "text", text: "hi" },
    ]);
    await eventually(async () => (oldHeard > 0 && currentHeard > 0 ? true : undefined));
    await Promise.all([old.close(), current.close()]);
  });
});

describe("credentials", () => {
  const key = "pk_canary-0123456789abcdefghijklmnop";
  const hash = `sha256:${createHash("sha256").update(key).digest("hex")}`;

  it("are required, decide who calls, and never reach an upstream, the log or the database", async () => {
    const secured = await startTestGateway({
      auth: { api_keys: [{ name: "ci", hash, user: "ci@example.com", roles: ["employee"] }] },
      upstreams: { modern: { url: modern.url } },
    });
    try {
      const refused = await fetch(secured.mcp, { method: "POST", body: "{}" });
      expect(refused.status).toBe(401);
      expect(refused.headers.get("www-authenticate")).toMatch(
        /^Bearer .*resource_metadata="http:\/\/127\.0\.0\.1:\d+\/\.well-known\/oauth-protected-resource\/mcp"/,
      );

      const client = await connectRaw(secured.mcp, { authorization: `Bearer ${key}` });
      expect(await client.call("modern__echo", { text: "hello" })).toMatchObject({ text: "hello" });
      expect(JSON.stringify(modern.seen)).not.toContain("canary");
      expect(secured.logged.join("\n")).not.toContain("canary");
      const reader = openStoreReader({ url: `file:${secured.dir}/data/portcullis.db` });
      const page = await reader.audit.list({ limit: 10 });
      reader.close();
      expect(page.entries.find(({ kind }) => kind === "opened")).toMatchObject({ actor: "ci@example.com" });
      expect(JSON.stringify(page.entries)).not.toContain("canary");
    } finally {
      await secured.close();
    }
  });
});

async function recorded(of: TestGateway) {
  const reader = openStoreReader({ url: `file:${of.dir}/data/portcullis.db` });
  try {
    const page = await reader.audit.list({ limit: 100 });
    return page.entries.map(({ tool, decision, outcome }) => ({ tool, decision, outcome }));
  } finally {
    reader.close();
  }
}

describe("a gateway that takes anonymous callers of its own machine", () => {
  it.each(["X-Forwarded-For", "Forwarded"])("does not take those of a tunnel, which sends %s", async (header) => {
    const ask = (headers: Record<string, string>) =>
      fetch(gateway.mcp, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream", ...headers },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "initialize",
          params: { protocolVersion: "2025-11-25", clientInfo: { name: "t", version: "0" }, capabilities: {} },
        }),
      });
    expect((await ask({})).status).toBe(200);
    const refused = await ask({ [header]: "for=203.0.113.7" });
    expect(refused.status).toBe(401);
    expect(await refused.text()).toContain("connects directly");
  });
});
