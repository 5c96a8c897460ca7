import { join } from "node:path";
import { expect, it } from "vitest";
import type { RegisteredUpstreamRecord } from "../../src/store/upstreams/registered-upstreams.ts";
import { openTestStore, temporaryDir } from "../support/audit.ts";

const MAX = 3;

function record(name: string, change: Partial<RegisteredUpstreamRecord> = {}): RegisteredUpstreamRecord {
  return {
    name,
    entry: `v1.${name}-sealed-text-that-is-long-enough`,
    issuer: "https://idp.example",
    subject: "u-1",
    email: "root@example.com",
    registeredAt: 1_000,
    ...change,
  };
}

it("upstreams come back as they were added, the first one first, also in another process", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  const [one, other] = [openTestStore(path), openTestStore(path)];
  const late = record("a-late-one", { registeredAt: 2_000, email: undefined });
  expect(await one.registeredUpstreams.add(late, MAX)).toBe("added");
  expect(await one.registeredUpstreams.add(record("early"), MAX)).toBe("added");
  expect(await other.registeredUpstreams.all()).toEqual([record("early"), late]);
});

it("a name is taken once, and there are never more than may be", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  const stores = [openTestStore(path), openTestStore(path)].map((store) => store.registeredUpstreams);
  const adding = ["a", "b", "c", "d", "e"].flatMap((name) => stores.map((store) => store.add(record(name), MAX)));
  const added = await Promise.all(adding);
  expect(added.filter((answer) => answer === "added")).toHaveLength(MAX);
  expect(added).toContain("too_many");
  expect(await stores[0]?.all()).toHaveLength(MAX);
  expect(await stores[1]?.add(record("a"), MAX + 1)).toBe("exists");
});

it("one that is removed is gone, and can be removed only once", async () => {
  const { registeredUpstreams: store } = openTestStore(join(temporaryDir(), "portcullis.db"));
  await store.add(record("a"), MAX);
  expect([await store.remove("a"), await store.remove("a"), await store.all()]).toEqual([true, false, []]);
});

it("its version changes with every addition, removal and replacement, and with nothing else", async () => {
  const { registeredUpstreams: store } = openTestStore(join(temporaryDir(), "portcullis.db"));
  const versions = [await store.version()];
  await store.add(record("a"), MAX);
  versions.push(await store.version());
  await store.remove("a");
  await store.add(record("a", { entry: "v1.another-sealed-text-that-is-long" }), MAX);
  versions.push(await store.version());
  await store.add(record("b"), MAX);
  versions.push(await store.version());
  expect(new Set(versions).size).toBe(versions.length);
  expect(await store.version()).toBe(versions.at(-1));
});
