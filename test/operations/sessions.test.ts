import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import type { AdminAct } from "../../src/audit/audit.ts";
import { sha256 } from "../../src/core/digest.ts";
import { createSessionOperations } from "../../src/operations/sessions/create-session-operations.ts";
import type { SessionPage } from "../../src/operations/sessions/sessions.ts";
import { openTestStore, temporaryDir } from "../support/audit.ts";
import { person, type Served, serveMcp } from "../support/mcp-endpoint.ts";
import { initialize, modern, open, send } from "../support/raw-mcp.ts";

const ADMIN = { principal: { ...person("carla"), email: "carla@acme.com" }, admin: true, lacks: undefined };
const ELSE = { principal: person("ann"), admin: false, lacks: undefined };
const call = (name: string) => ({ name, arguments: {} });
const running: Served[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((served) => served.stop()));
});

/** A gateway's endpoint over the database in `dir`, as one process has it. */
async function serve(dir: string) {
  const store = openTestStore(join(dir, "portcullis.db")).sessions;
  const served = await serveMcp({ store });
  running.push(served);
  const acts: AdminAct[] = [];
  const audit = { record: (act: AdminAct) => void acts.push(act) };
  const operations = createSessionOperations({ live: served.endpoint.clients, store, audit, now: () => 7 });
  return { ...served, store, operations, acts, list: async () => (await operations.list({ limit: 100 })).items };
}

/** Opens the stream of a modern client and waits until it is heard. */
async function listen(port: number, user = "bob") {
  const headers = { Authorization: `Bearer ${user}` };
  const params = { notifications: { toolsListChanged: true } };
  const stream = await open(port, { ...modern("subscriptions/listen", params, { headers }), path: "/mcp/two" });
  await stream.contains("acknowledged");
  return stream;
}

it("a legacy session shows who it is, whether it listens, and how many of its calls run", async () => {
  const { port, gateway, list } = await serve(temporaryDir());
  const own = await initialize(port, { path: "/mcp/one" });
  const before = await list();
  await own.get();
  const waiting = own.request("tools/call", call("wait"));
  await gateway.arrived(1);
  const facts = { id: sha256(own.id), era: "legacy", issuer: "https://idp.test", subject: "alice", endpoint: "one" };
  const client = { protocolVersion: "2025-11-25", clientInfo: { name: "raw", version: "0" } };
  expect(before).toMatchObject([{ ...facts, ...client, connected: false, inFlight: 0 }]);
  expect(await list()).toMatchObject([{ ...facts, ...client, connected: true, inFlight: 1 }]);
  gateway.finish("done");
  await waiting;
  expect(await list()).toMatchObject([{ inFlight: 0 }]);
});

it("a modern client shows as long as it listens", async () => {
  const { port, list } = await serve(temporaryDir());
  await send(port, modern("tools/list"));
  expect(await list()).toEqual([]);
  const stream = await listen(port);
  const shown = { era: "modern", subject: "bob", endpoint: "two", protocolVersion: "2026-07-28", connected: true };
  expect(await list()).toMatchObject([{ ...shown, clientInfo: { name: "raw", version: "0" } }]);
  stream.abort();
  await stream.ended;
  await expect.poll(list).toEqual([]);
});

it("a legacy session that is ended ends its calls and streams, and its client starts anew", async () => {
  const { port, gateway, operations, acts, list } = await serve(temporaryDir());
  const own = await initialize(port);
  const other = await initialize(port);
  const stream = await own.get();
  const waiting = own.request("tools/call", call("wait"));
  await gateway.arrived(1);
  const id = sha256(own.id);
  expect(await operations.end(ADMIN, id)).toEqual({ ok: true });
  await Promise.all([waiting, stream.ended]);
  expect(gateway.calls[0]?.cancellation.cancelled).toBe(true);
  expect(gateway.released).toEqual([`legacy:${id}`]);
  expect((await own.request("ping")).status).toBe(404);
  expect((await other.request("ping")).status).toBe(200);
  expect((await list()).map((session) => session.id)).toEqual([sha256(other.id)]);
  const actor = { issuer: "https://idp.test", subject: "carla", email: "carla@acme.com" };
  expect(acts).toEqual([{ about: "admin", id, session: id, at: 7, actor, outcome: "session_ended" }]);
});

it("a stream of a modern client that is ended closes with its response, and the others stay open", async () => {
  const { port, gateway, operations, list } = await serve(temporaryDir());
  const [ended, other] = [await listen(port), await listen(port, "carol")];
  const id = (await list()).find((session) => session.subject === "bob")?.id ?? "";
  expect(await operations.find(id)).toMatchObject({ id, era: "modern" });
  expect(await operations.end(ADMIN, id)).toEqual({ ok: true });
  await ended.ended;
  expect((await ended.event((message) => message["id"] === 1)).message).toMatchObject({
    result: { resultType: "complete" },
  });
  gateway.changed("tools", "two");
  await other.contains("notifications/tools/list_changed");
  expect(await list()).toMatchObject([{ subject: "carol" }]);
});

it("a session of before a restart shows what is on disk and can be ended", async () => {
  const dir = temporaryDir();
  const before = await serve(dir);
  const own = await initialize(before.port);
  await before.stop();
  const { port, operations, list } = await serve(dir);
  const shown = { subject: "alice", email: undefined, connected: false, inFlight: 0 };
  expect(await list()).toMatchObject([{ id: sha256(own.id), ...shown, clientInfo: { name: "raw", version: "0" } }]);
  expect(await operations.find(sha256(own.id))).toEqual((await list())[0]);
  expect(await operations.end(ADMIN, sha256(own.id))).toEqual({ ok: true });
  expect([await operations.find(sha256(own.id)), await list()]).toEqual([undefined, []]);
  const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
  expect((await send(port, { headers: own.headers, body: ping })).status).toBe(404);
});

it("a session that another process holds is unknown there at its next request", async () => {
  const dir = temporaryDir();
  const [here, there] = [await serve(dir), await serve(dir)];
  const own = await initialize(there.port);
  expect(await here.list()).toMatchObject([{ id: sha256(own.id), connected: false }]);
  expect((await own.request("ping")).status).toBe(200);
  expect(await here.operations.end(ADMIN, sha256(own.id))).toEqual({ ok: true });
  expect((await own.request("ping")).status).toBe(404);
  expect(await there.list()).toEqual([]);
});

it("what runs for a session ends some seconds after another process ended it, without a request", async () => {
  const dir = temporaryDir();
  const [here, there] = [await serve(dir), await serve(dir)];
  const own = await initialize(there.port);
  const stream = await own.get();
  const waiting = own.request("tools/call", call("wait"));
  await there.gateway.arrived(1);
  await here.operations.end(ADMIN, sha256(own.id));
  there.pass(5_000);
  await Promise.all([waiting, stream.ended]);
  expect(there.gateway.released).toEqual([`legacy:${sha256(own.id)}`]);
});

it.each([
  { who: "nobody but administrators", operator: ELSE, known: true, code: "ADMIN_REQUIRED" },
  { who: "administrators no session that is none", operator: ADMIN, known: false, code: "SESSION_UNKNOWN" },
])("ends for $who", async ({ operator, known, code }) => {
  const { port, operations, acts, list } = await serve(temporaryDir());
  const own = await initialize(port);
  const id = known ? sha256(own.id) : "f".repeat(64);
  expect(await operations.end(operator, id)).toEqual({ ok: false, code });
  expect(acts).toEqual([]);
  expect(await list()).toHaveLength(1);
});

it("pages show every session once, the one seen last first, live ones among those on disk", async () => {
  const { port, store, operations } = await serve(temporaryDir());
  const live = [await initialize(port), await initialize(port)].map(({ id }) => sha256(id));
  const now = Date.now();
  const kept = { ...{ issuer: "i", subject: "s", endpoint: "", protocolVersion: "2025-11-25", clientInfo: {} } };
  const rest = { capabilities: {}, logLevel: undefined, subscriptions: [], createdAt: 1 };
  for (let i = 0; i < 1_100; i++) {
    // Half of them were seen later than those that are live here: by another process, with another clock.
    const lastSeenAt = now + (i % 2 === 0 ? 10_000 : -100_000) + Math.floor(i / 7);
    await store.create({ ...kept, ...rest, idHash: sha256(String(i)), lastSeenAt });
  }
  const pages: SessionPage[] = [];
  for (let cursor: string | undefined, page: SessionPage; ; cursor = page.nextCursor) {
    page = await operations.list({ limit: 100, ...(cursor === undefined ? {} : { cursor }) });
    pages.push(page);
    if (page.nextCursor === undefined) break;
  }
  const shown = pages.flatMap(({ items }) => items);
  expect(pages.map(({ items }) => items.length)).toEqual([...Array(11).fill(100), 2]);
  expect(new Set(shown.map(({ id }) => id)).size).toBe(1_102);
  const times = shown.map(({ lastSeenAt }) => lastSeenAt);
  expect(times).toEqual([...times].sort((a, b) => b - a));
  expect(shown.findIndex(({ id }) => live.includes(id))).toBe(550);
});

it.each([0, 101, 1.5])("a page has at least one and at most a hundred sessions, %d asked for or not", async (limit) => {
  const { port, operations } = await serve(temporaryDir());
  for (let i = 0; i < 3; i++) await initialize(port);
  const { items } = await operations.list({ limit, cursor: "none of ours" });
  expect(items).toHaveLength(limit > 100 ? 3 : 1);
});
