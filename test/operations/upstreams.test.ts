import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it } from "vitest";
import type { Json } from "../../src/core/json.ts";
import type { Operator } from "../../src/operations/operator.ts";
import type { UpstreamOperations, UpstreamView } from "../../src/operations/upstreams.ts";
import { principalOf } from "../support/approval-people.ts";
import { connectRaw, connectSdk1 } from "../support/clients.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type LegacyUpstream, startLegacyUpstream } from "../support/legacy-upstream.ts";
import { MODERN_STDIO, type ModernUpstream, startModernUpstream } from "../support/modern-upstream.ts";
import { answerRaw, startRawUpstream } from "../support/raw-upstream.ts";
import { closeAfterEach } from "../support/upstreams.ts";

const closing = closeAfterEach();
const CANARY = "canary-5d21-of-an-upstream";

const root: Operator = { principal: { ...principalOf("root"), email: "root@example.com" }, admin: true };
const ann: Operator = { principal: principalOf("ann"), admin: false };

const LOOPBACK = { registration: { addresses: ["127.0.0.0/8"] } };

async function start(
  config: object = {},
  deps: Parameters<typeof startTestGateway>[2] = {},
  policies: Readonly<Record<string, string>> = {},
): Promise<TestGateway> {
  return closing(await startTestGateway({ ...LOOPBACK, ...config }, policies, deps));
}

function operations(gateway: TestGateway): UpstreamOperations {
  return gateway.running.wired.upstreamOperations;
}

/** Registers an upstream and waits until it is up and its tools are listed. */
async function register(gateway: TestGateway, name: string, entry: Json): Promise<UpstreamView> {
  const registered = await operations(gateway).register(root, name, entry);
  if (!registered.ok) throw new Error(JSON.stringify(registered));
  return listed(gateway, name);
}

function listed(gateway: TestGateway, name: string): Promise<UpstreamView> {
  return eventually(async () => {
    const view = operations(gateway).get(name);
    return view !== undefined && view.tools > 0 ? view : undefined;
  });
}

const ERAS = [
  ["modern", startModernUpstream],
  ["legacy", startLegacyUpstream],
] as const;

describe("an upstream that is registered", () => {
  it.each(ERAS)("(%s) is there at once for clients of both eras, and gone when it is removed", async (_, begin) => {
    const server: ModernUpstream | LegacyUpstream = closing(await begin());
    const gateway = await start();
    const old = closing(new LegacyClient({ name: "old", version: "1" }));
    let oldHeard = 0;
    old.setNotificationHandler(ToolListChangedNotificationSchema, () => void oldHeard++);
    await old.connect(new LegacyTransport(new URL(gateway.mcp)) as Transport);
    const current = closing(new ModernClient({ name: "new", version: "1" }, { versionNegotiation: { mode: "auto" } }));
    let currentHeard = 0;
    current.setNotificationHandler("notifications/tools/list_changed", () => void currentHeard++);
    await current.connect(new ModernTransport(new URL(gateway.mcp)));
    await current.listen({ toolsListChanged: true });
    await eventually(async () => (gateway.running.stats().streams >= 2 ? true : undefined));
    const clients = [old, current];
    for (const client of clients) expect((await client.listTools()).tools).toEqual([]);

    await register(gateway, "added", { url: server.url });
    await eventually(async () => (oldHeard > 0 && currentHeard > 0 ? true : undefined));
    for (const client of clients) {
      expect((await client.listTools()).tools.map((tool) => tool.name)).toContain("added__echo");
      const called = await client.callTool({ name: "added__echo", arguments: { text: "hi" } });
      expect(called.isError ?? false).toBe(false);
    }
    const own = closing(await connectSdk1(`${gateway.mcp}/added`));
    expect(await own.call("echo", { text: "own" })).toMatchObject({ isError: false });

    [oldHeard, currentHeard] = [0, 0];
    expect(await operations(gateway).remove(root, "added")).toEqual({ ok: true });
    await eventually(async () => (oldHeard > 0 && currentHeard > 0 ? true : undefined));
    for (const client of clients) expect((await client.listTools()).tools).toEqual([]);
    expect((await fetch(`${gateway.mcp}/added`, { method: "POST" })).status).not.toBe(200);
    if ("sessions" in server) await eventually(async () => (server.sessions.size === 0 ? true : undefined));
    expect(operations(gateway).get("added")).toBeUndefined();
  });

  it("is shown with where it is, who added it and how it is, and without anything of its credentials", async () => {
    const server = closing(await startModernUpstream());
    const gateway = await start({ upstreams: { filed: { url: `${server.url}?key=${CANARY}` } } });
    const headers = { Authorization: `Bearer ${CANARY}` };
    await register(gateway, "added", { url: `${server.url}?token=${CANARY}`, headers, timeout: "7s" });
    const views = operations(gateway).list();
    expect(views).toMatchObject([
      {
        name: "added",
        source: "registered",
        address: server.url,
        status: { state: "ready", era: "modern" },
        endpoints: ["/mcp", "/mcp/added"],
        timeoutMs: 7_000,
        registered: { issuer: "portcullis:keys", subject: "root", email: "root@example.com", at: expect.any(Number) },
      },
      { name: "filed", source: "file", address: server.url, registered: undefined },
    ]);
    expect(JSON.stringify(views)).not.toContain(CANARY);
    expect(server.seen.some((headers) => headers.authorization === `Bearer ${CANARY}`)).toBe(true);
  });

  it("is there again after a restart, calls and all, and after a changed file", async () => {
    const server = closing(await startLegacyUpstream());
    const filed = closing(await startModernUpstream());
    const gateway = await start();
    await register(gateway, "added", { url: server.url });
    await gateway.restart();
    // No waiting: a start waits for these as for those of the file.
    const client = closing(await connectRaw(gateway.mcp));
    expect(await client.call("added__echo", { n: 1 })).toMatchObject({ isError: false });
    const before = operations(gateway).get("added")?.status.since;
    gateway.reconfigure({ ...LOOPBACK, upstreams: { filed: { url: filed.url } } });
    await listed(gateway, "filed");
    expect(await client.tools()).toEqual(expect.arrayContaining(["added__echo", "filed__echo"]));
    expect(operations(gateway).get("added")?.status.since).toBe(before);
  });

  it("appears and vanishes in another process on the same store", async () => {
    const server = closing(await startModernUpstream());
    const timing = { registryPollMs: 20 };
    const one = await start({}, { timing });
    const store = { url: `file:${join(one.dir, "data/portcullis.db")}` };
    const other = await start({ store }, { timing });
    await register(one, "added", { url: server.url });
    await listed(other, "added");
    expect(await (await connectRaw(other.mcp)).tools()).toContain("added__echo");
    expect(await operations(other).register(root, "added", { url: server.url })).toMatchObject({
      code: "UPSTREAM_EXISTS",
    });
    expect(await operations(other).remove(root, "added")).toEqual({ ok: true });
    await eventually(async () => (operations(one).get("added") === undefined ? true : undefined));
    expect(await (await connectRaw(one.mcp)).tools()).toEqual([]);
  });

  it("rests while the file has its name, and runs again afterwards", async () => {
    const [server, filed] = [closing(await startLegacyUpstream()), closing(await startModernUpstream())];
    const gateway = await start();
    await register(gateway, "twice", { url: server.url });
    gateway.reconfigure({ ...LOOPBACK, upstreams: { twice: { url: filed.url } } });
    expect(await listed(gateway, "twice")).toMatchObject({ source: "file", address: filed.url });
    expect(gateway.logged.filter((line) => line.includes("has taken the name"))).toHaveLength(1);
    gateway.reconfigure({
      ...LOOPBACK,
      endpoints: { twice: { upstreams: ["other"] } },
      upstreams: { other: { url: filed.url } },
    });
    expect(
      operations(gateway)
        .list()
        .map(({ name }) => name),
    ).toEqual(["other"]);
    gateway.reconfigure(LOOPBACK);
    expect(await listed(gateway, "twice")).toMatchObject({ source: "registered", address: server.url });
    gateway.reconfigure({ ...LOOPBACK, upstreams: { twice: { url: filed.url } } });
    // What rests can be removed; what stands in the file cannot.
    expect(await operations(gateway).remove(root, "twice")).toEqual({ ok: true });
    expect(await operations(gateway).remove(root, "twice")).toMatchObject({ code: "UPSTREAM_FROM_FILE" });
    expect(operations(gateway).get("twice")).toMatchObject({ source: "file" });
  });

  it("leaves no credential in the database, the log or the audit", async () => {
    const server = closing(await startModernUpstream());
    const gateway = await start();
    const headers = { Authorization: `Bearer ${CANARY}` };
    await register(gateway, "added", { url: `${server.url}?k=${CANARY}`, headers });
    await operations(gateway).remove(root, "added");
    await register(gateway, "again", { url: server.url, headers });
    await gateway.running.wired.store.audit.list({ limit: 1 });
    const data = join(gateway.dir, "data");
    const bytes = Buffer.concat(readdirSync(data).map((name) => readFileSync(join(data, name))));
    expect(bytes.includes("registered_upstreams")).toBe(true);
    expect(bytes.includes("again")).toBe(true);
    expect(bytes.includes(CANARY)).toBe(false);
    expect(gateway.logged.join("\n")).not.toContain(CANARY);
  });

  it("is recorded in the audit with who added and who removed it", async () => {
    const server = closing(await startModernUpstream());
    const gateway = await start();
    await operations(gateway).register(root, "added", { url: server.url });
    await operations(gateway).register(root, "added", { url: server.url });
    await operations(gateway).remove(root, "added");
    await operations(gateway).remove(root, "added");
    const act = { kind: "admin", upstream: "added", actor: "root", actorEmail: "root@example.com" };
    const entries = await eventually(async () => {
      const page = await gateway.running.wired.store.audit.list({ upstream: "added", limit: 10 });
      return page.entries.length >= 2 ? page.entries : undefined;
    });
    expect(entries).toMatchObject([
      { ...act, outcome: "upstream_registered" },
      { ...act, outcome: "upstream_removed" },
    ]);
    expect(entries).toHaveLength(2);
  });

  it("that cannot be opened or used any more is left out with a line in the log, and can be removed", async () => {
    const server = closing(await startModernUpstream());
    const config = { registration: { ...LOOPBACK.registration, commands: true } };
    const gateway = await start({ ...config, secrets: { key: "A".repeat(43) } });
    await register(gateway, "sealed", { url: server.url });
    gateway.reconfigure({ ...config, secrets: { key: "B".repeat(43) } });
    await gateway.restart();
    expect(operations(gateway).list()).toEqual([]);
    expect(gateway.logged.join("\n")).toContain("stored under another secret key");
    expect(await operations(gateway).register(root, "sealed", { url: server.url })).toMatchObject({
      code: "UPSTREAM_EXISTS",
    });
    expect(await operations(gateway).remove(root, "sealed")).toEqual({ ok: true });

    await register(gateway, "program", { command: process.execPath, args: [...MODERN_STDIO] });
    gateway.reconfigure({ ...LOOPBACK, secrets: { key: "B".repeat(43) } });
    await gateway.restart();
    expect(operations(gateway).list()).toEqual([]);
    expect(gateway.logged.join("\n")).toContain("registration.commands is off");
  });
});

describe("a registration is refused", () => {
  it.each<[what: string, name: string, entry: Json, refusal: object]>([
    ["with the mistakes of its entry", "a", { url: "x", header: {} }, { code: "PARAMS_INVALID" }],
    ["under a name of the file", "filed", { url: "http://127.0.0.1:1/mcp" }, { code: "UPSTREAM_EXISTS" }],
    ["under the name of an endpoint", "chosen", { url: "http://127.0.0.1:1/mcp" }, { code: "UPSTREAM_EXISTS" }],
    ["of a program", "a", { command: "sh", args: ["-c", "id"] }, { mistakes: [{ at: "command" }] }],
    ["with a reference to the environment", "a", { url: `https://a.test/\${HOME}` }, { mistakes: [{ at: "url" }] }],
    ["at a private address", "a", { url: "http://10.0.0.1/mcp" }, { code: "UPSTREAM_ADDRESS_REFUSED" }],
    ["at a metadata service", "a", { url: "http://169.254.169.254/" }, { code: "UPSTREAM_ADDRESS_REFUSED" }],
    ["at a name that nobody knows", "a", { url: "http://a.invalid/mcp" }, { code: "UPSTREAM_ADDRESS_REFUSED" }],
    [
      "over SSE at a private address",
      "a",
      { type: "sse", url: "http://[fd00::1]/" },
      { code: "UPSTREAM_ADDRESS_REFUSED" },
    ],
  ])("%s", async (_, name, entry, refusal) => {
    const filed = { url: "http://127.0.0.1:1/mcp" };
    const resolve = () => Promise.reject(new Error("ENOTFOUND"));
    const config = { upstreams: { filed }, endpoints: { chosen: { upstreams: ["filed"] } } };
    const gateway = await start(config, { resolve, timing: { settleMs: 0 } });
    expect(await operations(gateway).register(root, name, entry)).toMatchObject({ ok: false, ...refusal });
    expect(operations(gateway).list()).toHaveLength(1);
    expect((await gateway.running.wired.store.registeredUpstreams.all()).length).toBe(0);
  });

  it("to whoever is no administrator, and so are removal and tests", async () => {
    const gateway = await start();
    const { register: add, remove, test } = operations(gateway);
    const url = "http://127.0.0.1:1/mcp";
    for (const answer of [await add(ann, "a", { url }), await remove(ann, "a"), await test(ann, "a")]) {
      expect(answer).toEqual({ ok: false, code: "ADMIN_REQUIRED" });
    }
    expect(await remove(root, "a")).toEqual({ ok: false, code: "UPSTREAM_UNKNOWN" });
    expect(await test(root, "a")).toEqual({ ok: false, code: "UPSTREAM_UNKNOWN" });
  });

  it("beyond five hundred", async () => {
    const gateway = await start({}, { timing: { registryPollMs: 600_000 } });
    const { registeredUpstreams } = gateway.running.wired.store;
    for (let n = 0; n < 500; n++) {
      const row = { name: `u-${n}`, entry: "v1.", issuer: "i", subject: "s", email: undefined, registeredAt: n };
      await registeredUpstreams.add(row, 500);
    }
    expect(await operations(gateway).register(root, "one-more", { url: "http://127.0.0.1:1/mcp" })).toEqual({
      ok: false,
      code: "UPSTREAMS_TOO_MANY",
    });
  });

  it("by a connection too, where the name leads elsewhere after its check", async () => {
    let address = "8.8.8.8";
    const inside = closing(await startModernUpstream());
    const resolve = () => {
      const now = address;
      address = "127.0.0.1";
      return Promise.resolve([{ address: now, family: 4 }]);
    };
    const gateway = await start({ registration: {} }, { resolve });
    const url = `http://rebinding.test:${new URL(inside.url).port}/mcp`;
    expect(await operations(gateway).register(root, "moving", { url })).toMatchObject({ ok: true });
    const view = await eventually(async () => {
      const seen = operations(gateway).get("moving");
      return seen?.status.lastError === undefined ? undefined : seen;
    });
    expect(view.status.lastError).toContain("Its name leads to a loopback address.");
    expect(inside.seen).toEqual([]);
  });
});

describe("a test", () => {
  it.each(ERAS)("of a %s server connects beside what runs, lists its tools, and closes", async (era, begin) => {
    const server: ModernUpstream | LegacyUpstream = closing(await begin());
    const gateway = await start({ upstreams: { filed: { url: server.url } } });
    const sessions = "sessions" in server ? server.sessions.size : 0;
    const answer = await operations(gateway).test(root, "filed");
    expect(answer).toMatchObject({
      ok: true,
      test: { ok: true, ms: expect.any(Number), status: { state: "ready", era } },
    });
    const tools = answer.ok && answer.test.ok ? answer.test.tools.map((tool) => tool.name) : [];
    expect(tools).toContain("echo");
    if ("sessions" in server) expect(server.sessions.size).toBe(sessions);
    expect(operations(gateway).get("filed")).toMatchObject({ status: { state: "ready" } });
  });

  it("says why a server cannot be used, and nothing of its credentials", async () => {
    const server = closing(await startRawUpstream((_request, response) => answerRaw(response, CANARY, 403)));
    const gateway = await start({}, { timing: { settleMs: 0 } });
    const headers = { Authorization: CANARY };
    await operations(gateway).register(root, "closed", { url: server.url, headers });
    const answer = await operations(gateway).test(root, "closed");
    expect(answer).toMatchObject({ ok: true, test: { ok: false, why: expect.stringContaining("HTTP 403") } });
    expect(JSON.stringify(answer)).not.toContain(CANARY);
  });

  it("is refused while four others run, and ended when the gateway stops", async () => {
    const server = closing(await startRawUpstream(() => {}));
    const gateway = await start({ upstreams: { slow: { url: server.url } } }, { timing: { settleMs: 0 } });
    const running = [1, 2, 3, 4].map(() => operations(gateway).test(root, "slow"));
    expect(await operations(gateway).test(root, "slow")).toEqual({ ok: false, code: "TOO_MANY_OPEN" });
    await gateway.running.close();
    for (const answer of await Promise.all(running)) {
      expect(answer).toMatchObject({ ok: true, test: { ok: false, why: "The gateway is stopping." } });
    }
  });
});

describe("the tools of all upstreams", () => {
  const POLICY = (tools: string) => `policies:
  - id: about-echo
    target: { tools: ["${tools}"] }
    then: { deny: { message: "No." } }
  - id: about-destructive
    target: { annotations: { destructiveHint: true } }
    then: { deny: { message: "No." } }
`;

  it("are shown with their definition and the policies that could bear on them, anew only after a change", async () => {
    const [one, two] = [closing(await startModernUpstream()), closing(await startLegacyUpstream())];
    const config = { upstreams: { zed: { url: one.url }, abc: { url: two.url, tools: { allow: ["echo"] } } } };
    const gateway = await start(config, {}, { "p.yaml": POLICY("zed/echo") });
    const { tools } = gateway.running.wired;
    const shown = tools();
    expect(shown[0]).toMatchObject({
      upstream: "abc",
      tool: "echo",
      name: "abc__echo",
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      definition: { name: "echo", inputSchema: { type: "object" } },
    });
    expect(shown[0]?.policies).not.toContain("about-echo");
    expect(shown.slice(1).every((tool) => tool.upstream === "zed")).toBe(true);
    expect(shown.find((tool) => tool.name === "zed__echo")?.policies).toContain("about-echo");
    expect(tools()).toBe(shown);

    gateway.writePolicy("p.yaml", POLICY("abc/echo"));
    await eventually(async () => (tools()[0]?.policies.includes("about-echo") ? true : undefined));
    await register(gateway, "mid", { url: one.url });
    expect(tools().some((tool) => tool.upstream === "mid")).toBe(true);
    await operations(gateway).remove(root, "mid");
    expect(tools().some((tool) => tool.upstream === "mid")).toBe(false);
  });
});
