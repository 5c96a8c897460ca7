import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import { digestOf } from "../../src/core/digest.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { Slices } from "../../src/core/slices.ts";
import { KEPT } from "../../src/store/definitions/definitions.ts";
import { openStore, openStoreReader } from "../../src/store/open-store.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { forge } from "../support/forging.ts";

function tool(name: string, description = "") {
  const definition: JsonObject = { name, description, inputSchema: { type: "object" } };
  return { name, digest: digestOf(definition), definition };
}

function setUp() {
  const path = join(temporaryDir(), "portcullis.db");
  return { path, definitions: openTestStore(path).definitions };
}

/** Whether another connection committed something between two calls. */
function watch(path: string): () => number {
  const db = new Database(path, { readonly: true });
  return () => Number(db.pragma("data_version", { simple: true }));
}

it("the list of one upstream is read by name, in pages, without what is gone", async () => {
  const { definitions } = setUp();
  const names = Array.from({ length: 120 }, (_, n) => `t${String(n).padStart(3, "0")}`);
  await definitions.replace("crm", [tool("gone"), ...names.map((name) => tool(name))], 1_000);
  await definitions.replace(
    "crm",
    names.map((name) => tool(name)),
    2_000,
  );
  await definitions.replace("bank", [tool("pay")], 1_000);
  const pages: number[] = [];
  const found: string[] = [];
  for await (const page of definitions.currentOf("crm")) {
    pages.push(page.length);
    found.push(...page.map((each) => each.tool));
  }
  expect(found).toEqual(names);
  expect(pages).toEqual([50, 50, 20]);
});

it("what an upstream listed is known to a reader beside the gateway, and after it", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  const store = openStore({ url: `file:${path}`, log: keepingLog() });
  await store.definitions.replace("crm", [tool("get_customer", "Ünï \ud800")], 1_000);
  await store.definitions.replace("bank", [tool("pay"), tool("balance")], 1_000);
  const reader = openStoreReader({ url: `file:${path}` });
  await store.close();
  const current = await reader.definitions.current();
  reader.close();
  expect(current).toEqual([
    { upstream: "bank", tool: "balance", digest: tool("balance").digest, definition: tool("balance").definition },
    { upstream: "bank", tool: "pay", digest: tool("pay").digest, definition: tool("pay").definition },
    {
      upstream: "crm",
      tool: "get_customer",
      digest: tool("get_customer", "Ünï \ud800").digest,
      definition: tool("get_customer", "Ünï \ud800").definition,
    },
  ]);
});

it("what is no longer listed is past, and still found by its digest", async () => {
  const { definitions } = setUp();
  await definitions.replace("crm", [tool("get", "old"), tool("gone")], 1_000);
  await definitions.replace("bank", [tool("pay")], 1_000);
  await definitions.replace("crm", [tool("get", "new")], 2_000);
  expect((await definitions.current()).map((row) => [row.upstream, row.tool, row.definition["description"]])).toEqual([
    ["bank", "pay", ""],
    ["crm", "get", "new"],
  ]);
  expect(await definitions.find("crm", "get", tool("get", "old").digest)).toEqual(tool("get", "old").definition);
  expect(await definitions.find("crm", "gone", tool("gone").digest)).toEqual(tool("gone").definition);
  expect(await definitions.find("bank", "get", tool("get", "old").digest)).toBeUndefined();
  expect(await definitions.listed("crm", "get")).toBe(tool("get", "new").digest);
  expect(await definitions.listed("crm", "gone")).toBeUndefined();
});

it("a definition that comes back is current again", async () => {
  const { definitions } = setUp();
  for (const [at, description] of [
    [1, "a"],
    [2, "b"],
    [3, "a"],
  ] as const) {
    await definitions.replace("crm", [tool("get", description)], at);
  }
  expect((await definitions.current()).map((row) => row.digest)).toEqual([tool("get", "a").digest]);
});

it("an upstream that is gone lists nothing", async () => {
  const { definitions } = setUp();
  await definitions.replace("crm", [tool("get")], 1_000);
  await definitions.replace("crm", [], 2_000);
  expect(await definitions.current()).toEqual([]);
});

it("a long list is written in slices, and each leaves one definition of a tool", async () => {
  const { definitions } = setUp();
  const names = Array.from({ length: 30 }, (_, at) => `t${at}`);
  await definitions.replace("crm", [...names.map((name) => tool(name, "old")), tool("gone")], 1_000);
  let time = 0;
  // A clock by which every step takes the whole of a slice.
  const slices = new Slices(() => (time += 20));
  let done = false;
  const writing = definitions.replace(
    "crm",
    names.map((name) => tool(name, "new")),
    2_000,
    slices,
  );
  const ended = writing.then(() => {
    done = true;
  });
  const seen = new Set<number>();
  while (!done) {
    const current = await definitions.current();
    expect(new Set(current.map((row) => row.tool)).size).toBe(current.length);
    seen.add(current.filter((row) => row.definition["description"] === "new").length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await ended;
  expect(seen.size).toBeGreaterThan(10);
  const changes = await writing;
  expect(changes.map(({ tool, kind }) => `${tool} ${kind}`)).toEqual([
    ...names.map((name) => `${name} changed`),
    "gone gone",
  ]);
  expect((await definitions.current()).every((row) => row.definition["description"] === "new")).toBe(true);
});

it("the same list again, in whatever order, writes nothing", async () => {
  const { path, definitions } = setUp();
  await definitions.replace("crm", [tool("get"), tool("put")], 1_000);
  const version = watch(path);
  const before = version();
  await definitions.replace("crm", [tool("put"), tool("get"), tool("get")], 2_000);
  expect(version()).toBe(before);
  await definitions.replace("crm", [tool("put")], 3_000);
  expect(version()).not.toBe(before);
});

it("two gateways on one file: the last list counts, and neither breaks on the other's rows", async () => {
  const { path, definitions } = setUp();
  const other = openTestStore(path).definitions;
  await Promise.all([
    definitions.replace("crm", [tool("get"), tool("mine")], 1_000),
    other.replace("crm", [tool("get"), tool("yours")], 1_000),
  ]);
  await definitions.replace("crm", [tool("get"), tool("mine")], 2_000);
  expect((await other.current()).map((row) => row.tool)).toEqual(["get", "mine"]);
});

it("a lock that goes away in time is waited for", async () => {
  const { path, definitions } = setUp();
  const lock = new Database(path);
  lock.exec("BEGIN IMMEDIATE");
  const replaced = definitions.replace("crm", [tool("get")], 1_000);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  lock.exec("ROLLBACK");
  lock.close();
  await replaced;
  expect(await definitions.current()).toHaveLength(1);
});

it("of one tool only the latest past versions are kept", async () => {
  const { definitions } = setUp();
  const versions = Array.from({ length: KEPT.pastVersionsPerTool + 5 }, (_, n) => tool("get", `version ${n}`));
  for (const [at, version] of versions.entries()) await definitions.replace("crm", [version, tool("other")], at);
  const found = await Promise.all(versions.map(({ name, digest }) => definitions.find("crm", name, digest)));
  // One is current besides.
  expect(found.map((definition) => definition !== undefined)).toEqual(
    versions.map((_, n) => n >= versions.length - 1 - KEPT.pastVersionsPerTool),
  );
});

it("of one upstream only so many rows are kept, and never one less that is listed", async () => {
  const { path, definitions } = setUp();
  await definitions.replace("crm", [tool("first")], 1);
  await definitions.replace("crm", [tool("second")], 2);
  await definitions.replace("bank", [tool("untouched")], 2);
  await definitions.replace("bank", [], 2);
  const many = Array.from({ length: KEPT.rowsPerUpstream - 1 }, (_, n) => tool(`tool-${n}`));
  await definitions.replace("crm", many, 3);
  expect(await definitions.find("crm", "first", tool("first").digest)).toBeUndefined();
  expect(await definitions.find("crm", "second", tool("second").digest)).toBeDefined();
  expect(await definitions.find("bank", "untouched", tool("untouched").digest)).toBeDefined();
  const db = new Database(path, { readonly: true });
  const { rows } = db
    .prepare<[], { rows: number }>("SELECT count(*) AS rows FROM tool_definitions WHERE upstream = 'crm'")
    .get() ?? { rows: 0 };
  db.close();
  expect(rows).toBe(KEPT.rowsPerUpstream);
});

it("a row that was edited by hand is not believed, and the others are there", async () => {
  const { path, definitions } = setUp();
  await definitions.replace("crm", [tool("get"), tool("put")], 1_000);
  const db = new Database(path);
  db.exec("UPDATE tool_definitions SET definition = '[1' WHERE tool = 'get'");
  db.close();
  expect((await definitions.current()).map((found) => found.tool)).toEqual(["put"]);
  expect(await definitions.find("crm", "get", tool("get").digest)).toBeUndefined();
});

it("gives nobody another text than the one that has the digest", async () => {
  const { path, definitions } = setUp();
  const pay = tool("pay", "Pays");
  await definitions.replace("bank", [pay], 1_000);
  expect(await definitions.find("bank", "pay", pay.digest)).toEqual(pay.definition);
  forge(path, "UPDATE tool_definitions SET definition = replace(definition, 'Pays', 'Reads')");
  expect(await definitions.find("bank", "pay", pay.digest)).toBeUndefined();
});
