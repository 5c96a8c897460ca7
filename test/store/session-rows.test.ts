import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import { openStore } from "../../src/store/open-store.ts";
import type { SessionRecord } from "../../src/store/sessions/sessions.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";

const session: SessionRecord = {
  idHash: "a".repeat(64),
  issuer: "https://idp.example",
  subject: "u-1",
  endpoint: "finance",
  protocolVersion: "2025-11-25",
  clientInfo: { name: "claude-code", version: "2.0", nested: { title: "Ünï" } },
  capabilities: { elicitation: {}, roots: { listChanged: true } },
  logLevel: undefined,
  subscriptions: [],
  createdAt: 1_000,
  lastSeenAt: 1_000,
};

it("a session is found again after a restart, with everything that it had", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  const before = openStore({ url: `file:${path}`, log: keepingLog() });
  await before.sessions.create(session);
  await before.sessions.update(session.idHash, { logLevel: "debug", subscriptions: ["file:///a", "file:///b"] });
  await before.close();
  expect(await openTestStore(path).sessions.find(session.idHash)).toEqual({
    ...session,
    logLevel: "debug",
    subscriptions: ["file:///a", "file:///b"],
  });
});

it("a change touches what it names and nothing else", async () => {
  const { sessions } = openTestStore(join(temporaryDir(), "portcullis.db"));
  await sessions.create({ ...session, logLevel: "info", subscriptions: ["file:///a"] });
  await sessions.update(session.idHash, { lastSeenAt: 2_000 });
  await sessions.update(session.idHash, {});
  expect(await sessions.find(session.idHash)).toMatchObject({
    logLevel: "info",
    subscriptions: ["file:///a"],
    lastSeenAt: 2_000,
  });
  await sessions.update(session.idHash, { logLevel: undefined });
  expect(await sessions.find(session.idHash)).toMatchObject({ logLevel: undefined, lastSeenAt: 2_000 });
});

it("a removed session stays gone, also when a late request touches it", async () => {
  const { sessions } = openTestStore(join(temporaryDir(), "portcullis.db"));
  await sessions.create(session);
  expect(await sessions.remove(session.idHash)).toBe(true);
  expect(await sessions.remove(session.idHash)).toBe(false);
  await sessions.update(session.idHash, { lastSeenAt: 9_000 });
  expect(await sessions.find(session.idHash)).toBeUndefined();
});

it("only sessions last seen before the given time are idle", async () => {
  const { sessions } = openTestStore(join(temporaryDir(), "portcullis.db"));
  for (const [idHash, lastSeenAt] of [
    ["old", 999],
    ["exact", 1_000],
    ["new", 1_001],
  ] as const) {
    await sessions.create({ ...session, idHash, lastSeenAt });
  }
  expect(await sessions.removeIdle(1_000)).toEqual(["old"]);
  expect(await sessions.find("exact")).toBeDefined();
});

it("a row that was damaged by hand is not there for its client, and is listed as unreadable", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  const { sessions } = openTestStore(path);
  await sessions.create(session);
  const db = new Database(path);
  db.exec("UPDATE sessions SET capabilities = '[1'");
  db.close();
  expect(await sessions.find(session.idHash)).toBeUndefined();
  expect(await sessions.list({ limit: 1 })).toMatchObject([
    { clientInfo: { name: "unreadable" }, subject: session.subject },
  ]);
});

it("a change waits for another process's transaction instead of failing", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  const { sessions } = openTestStore(path);
  await sessions.create(session);
  const other = new Database(path);
  other.exec("BEGIN IMMEDIATE");
  const removed = sessions.remove(session.idHash);
  // Two turns of the event loop later the removal has met the lock.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  other.exec("COMMIT");
  other.close();
  expect(await removed).toBe(true);
});

it("sessions are told from those that are no more", async () => {
  const { sessions } = openTestStore(join(temporaryDir(), "portcullis.db"));
  await sessions.create(session);
  const [here, gone] = [session.idHash, "f".repeat(64)];
  expect([await sessions.exists(here), await sessions.exists(gone)]).toEqual([true, false]);
  expect(await sessions.gone([here, gone])).toEqual([gone]);
  expect(await sessions.gone([])).toEqual([]);
  await sessions.remove(here);
  expect(await sessions.gone([here])).toEqual([here]);
});

it("a list goes on behind the session that it ended with, also among those seen at the same time", async () => {
  const { sessions } = openTestStore(join(temporaryDir(), "portcullis.db"));
  const seen = [
    ["a", 5],
    ["b", 9],
    ["c", 5],
    ["d", 5],
    ["e", 1],
  ] as const;
  for (const [idHash, lastSeenAt] of seen) await sessions.create({ ...session, idHash, lastSeenAt });
  const first = await sessions.list({ limit: 2 });
  const second = await sessions.list({ limit: 2, after: { idHash: "a", lastSeenAt: 5 } });
  const third = await sessions.list({ limit: 2, after: { idHash: "d", lastSeenAt: 5 } });
  expect([first, second, third].map((page) => page.map(({ idHash }) => idHash))).toEqual([
    ["b", "a"],
    ["c", "d"],
    ["e"],
  ]);
});
