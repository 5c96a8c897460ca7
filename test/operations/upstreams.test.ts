import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it } from "vitest";
import { connectRaw, connectSdk1 } from "../support/clients.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type LegacyUpstream, startLegacyUpstream } from "../support/legacy-upstream.ts";
import { type ModernUpstream, modernStdio, startModernUpstream } from "../support/modern-upstream.ts";
import { ERAS, LOOPBACK, listed, register, root, upstreamsOf } from "../support/registering.ts";
import { closeAfterEach } from "../support/upstreams.ts";

const closing = closeAfterEach();
const CANARY = "canary-5d21-of-an-upstream";

async function start(config: object = {}, deps: Parameters<typeof startTestGateway>[2] = {}): Promise<TestGateway> {
  return closing(await startTestGateway({ ...LOOPBACK, ...config }, {}, deps));
}

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
    expect(await upstreamsOf(gateway).remove(root, "added")).toEqual({ ok: true });
    await eventually(async () => (oldHeard > 0 && currentHeard > 0 ? true : undefined));
    for (const client of clients) expect((await client.listTools()).tools).toEqual([]);
    expect((await fetch(`${gateway.mcp}/added`, { method: "POST" })).status).not.toBe(200);
    if ("sessions" in server) await eventually(async () => (server.sessions.size === 0 ? true : undefined));
    expect(upstreamsOf(gateway).get("added")).toBeUndefined();
  });

  it("is shown with where it is, who added it and how it is, and without anything of its credentials", async () => {
    const server = closing(await startModernUpstream());
    const gateway = await start({ upstreams: { filed: { url: `${server.url}?key=${CANARY}` } } });
    const headers = { Authorization: `Bearer ${CANARY}` };
    await register(gateway, "added", { url: `${server.url}?token=${CANARY}`, headers, timeout: "7s" });
    const isReady = () => upstreamsOf(gateway).get("added")?.status.state === "ready";
    await eventually(async () => (isReady() ? true : undefined));
    const views = upstreamsOf(gateway).list();
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
    const before = upstreamsOf(gateway).get("added")?.status.since;
    gateway.reconfigure({ ...LOOPBACK, upstreams: { filed: { url: filed.url } } });
    await listed(gateway, "filed");
    expect(await client.tools()).toEqual(expect.arrayContaining(["added__echo", "filed__echo"]));
    expect(upstreamsOf(gateway).get("added")?.status.since).toBe(before);
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
    expect(await upstreamsOf(other).register(root, "added", { url: server.url })).toMatchObject({
      code: "UPSTREAM_EXISTS",
    });
    expect(await upstreamsOf(other).remove(root, "added")).toEqual({ ok: true });
    await eventually(async () => (upstreamsOf(one).get("added") === undefined ? true : undefined));
    expect(await (await connectRaw(one.mcp)).tools()).toEqual([]);
  });

  it("is another one in every process once it was replaced under its name", async () => {
    const [first, second] = [closing(await startModernUpstream()), closing(await startLegacyUpstream())];
    const timing = { registryPollMs: 20 };
    const one = await start({}, { timing });
    const other = await start({ store: { url: `file:${join(one.dir, "data/portcullis.db")}` } }, { timing });
    await register(one, "added", { url: first.url });
    await listed(other, "added");
    await upstreamsOf(one).remove(root, "added");
    await register(one, "added", { url: second.url });
    const seen = await eventually(async () => {
      const view = upstreamsOf(other).get("added");
      return view?.address === second.url && view.status.state === "ready" ? view : undefined;
    });
    expect(seen.status.era).toBe("legacy");
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
      upstreamsOf(gateway)
        .list()
        .map(({ name }) => name),
    ).toEqual(["other"]);
    gateway.reconfigure(LOOPBACK);
    expect(await listed(gateway, "twice")).toMatchObject({ source: "registered", address: server.url });
    gateway.reconfigure({ ...LOOPBACK, upstreams: { twice: { url: filed.url } } });
    // What rests can be removed; what stands in the file cannot.
    expect(await upstreamsOf(gateway).remove(root, "twice")).toEqual({ ok: true });
    expect(await upstreamsOf(gateway).remove(root, "twice")).toMatchObject({ code: "UPSTREAM_FROM_FILE" });
    expect(upstreamsOf(gateway).get("twice")).toMatchObject({ source: "file" });
  });

  it("leaves no credential in the database, the log or the audit", async () => {
    const server = closing(await startModernUpstream());
    const gateway = await start();
    const headers = { Authorization: `Bearer ${CANARY}` };
    await register(gateway, "added", { url: `${server.url}?k=${CANARY}`, headers });
    await upstreamsOf(gateway).remove(root, "added");
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
    await upstreamsOf(gateway).register(root, "added", { url: server.url });
    await upstreamsOf(gateway).register(root, "added", { url: server.url });
    await upstreamsOf(gateway).remove(root, "added");
    await upstreamsOf(gateway).remove(root, "added");
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
    expect(upstreamsOf(gateway).list()).toEqual([]);
    expect(gateway.logged.join("\n")).toContain("stored under another secret key");
    expect(await upstreamsOf(gateway).register(root, "sealed", { url: server.url })).toMatchObject({
      code: "UPSTREAM_EXISTS",
    });
    expect(await upstreamsOf(gateway).remove(root, "sealed")).toEqual({ ok: true });

    await register(gateway, "program", { command: process.execPath, args: [...modernStdio()] });
    gateway.reconfigure({ ...LOOPBACK, secrets: { key: "B".repeat(43) } });
    await gateway.restart();
    expect(upstreamsOf(gateway).list()).toEqual([]);
    expect(gateway.logged.join("\n")).toContain("registration.commands is off");
  });
});
