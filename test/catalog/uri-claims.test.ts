import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClaimKeeper } from "../../src/catalog/uris/claim-keeper.ts";
import { createUriClaims, Steps } from "../../src/catalog/uris/uri-claims.ts";
import { openStore, type Store } from "../../src/store/open-store.ts";
import { eventually } from "../support/eventually.ts";
import { recordingLog } from "../support/recording-log.ts";

const BOTH = ["a", "b"];
const DAY = 86_400_000;
const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `x:${from + at}`);

describe("the claims of a server", () => {
  it("are to what it lists, and to what its templates could make", () => {
    const claims = createUriClaims(() => 0);
    claims.listed("a", "resources", ["x:1", "odd"]);
    claims.listed("b", "resourceTemplates", ["x:{id}", "{+any}"]);
    expect(["x:1", "x:2", "y:1", "odd"].map((uri) => claims.claimants(uri, BOTH))).toEqual([
      ["a", "b"],
      ["b"],
      [],
      ["a"],
    ]);
    expect(claims.claimants("x:1", ["a"])).toEqual(["a"]);
  });

  it("are to ten thousand URIs: what went longest ago is forgotten for new ones, and what is listed never", () => {
    const clock = { now: 0 };
    const claims = createUriClaims(() => clock.now);
    claims.listed("a", "resources", ["x:early", "x:late"]);
    claims.listed("a", "resources", ["x:late"]);
    claims.listed("a", "resources", []);
    const changes = claims.listed("a", "resources", numbered(9_999));
    expect(changes.forgotten).toEqual(["x:early"]);
    expect(changes.kept).toHaveLength(9_999);
    expect(["x:early", "x:late", "x:0"].map((uri) => claims.claimants(uri, BOTH).length)).toEqual([0, 1, 1]);
    claims.listed("a", "resources", numbered(10_001));
    expect(["x:late", "x:0", "x:9999", "x:10000"].map((uri) => claims.claimants(uri, BOTH).length)).toEqual([
      0, 1, 1, 0,
    ]);
  });

  it("are not to what is long, or looks like the form with a name", () => {
    const claims = createUriClaims(() => 0);
    const odd = [`x:${"y".repeat(1_100)}`, "x:1#portcullis=b", "x:1?portcullis=b"];
    expect(claims.listed("a", "resources", odd)).toEqual({ kept: [], forgotten: [] });
    expect(odd.map((uri) => claims.claimants(uri, BOTH))).toEqual([[], [], []]);
  });

  it("count where looking through its templates costs too much, and then nothing is anybody's alone", () => {
    const claims = createUriClaims(() => 0);
    const costly = Array.from({ length: 300 }, (_, at) => `x:${"{v}a".repeat(200)}${at}`);
    claims.listed("a", "resourceTemplates", costly);
    claims.listed("b", "resources", ["x:1"]);
    const steps = new Steps();
    expect(claims.claimants(`x:${"b".repeat(8_000)}`, BOTH, steps)).toEqual(["a"]);
    expect(steps.spent).toBe(true);
    expect(claims.claimants("x:1", BOTH, steps)).toEqual(["a", "b"]);
    expect(claims.claimants("x:1", BOTH)).toEqual(["b"]);
    expect(claims.ownsTemplate("a", costly[0] ?? "", BOTH, steps)).toBe(false);
  });
});

describe("what is kept of claims", () => {
  let store: Store;
  beforeEach(() => {
    store = openStore({ url: "file::memory:", log: recordingLog() });
  });
  afterEach(() => store.close());

  it("is read back after a restart, changes and all, and goes with its server", async () => {
    const clock = { now: 7 };
    const open = async () =>
      createClaimKeeper({
        memory: { store: store.uriClaims, known: await store.uriClaims.all() },
        log: recordingLog(),
        now: () => clock.now,
      });
    const first = await open();
    first.listed("a", "resources", numbered(1_200));
    first.listed("a", "resourceTemplates", ["y:{id}"]);
    first.listed("b", "resources", ["x:1"]);
    first.listed("a", "resources", ["x:0"]);
    await first.close();

    const second = await open();
    expect(["x:0", "x:1199", "y:7", "x:1"].map((uri) => second.claims.claimants(uri, BOTH))).toEqual([
      ["a"],
      ["a"],
      ["a"],
      ["a", "b"],
    ]);
    clock.now += 31 * DAY;
    second.listed("a", "resources", ["x:0", "x:new"]);
    second.forget("b");
    await second.close();

    const third = await open();
    expect(["x:0", "x:1199", "y:7", "x:1", "x:new"].map((uri) => third.claims.claimants(uri, BOTH))).toEqual([
      ["a"],
      [],
      ["a"],
      [],
      ["a"],
    ]);
  });

  it("is made up for where writes fail, whatever changed meanwhile, and the log tells once", async () => {
    const log = recordingLog();
    let broken = true;
    const failing = async (work: () => Promise<void>) => (broken ? Promise.reject(new Error("locked")) : work());
    const memory = {
      store: {
        change: (...given: Parameters<typeof store.uriClaims.change>) =>
          failing(() => store.uriClaims.change(...given)),
        forget: (upstream: string) => failing(() => store.uriClaims.forget(upstream)),
      },
      known: new Map(),
    };
    await store.uriClaims.change("a", "resources", [{ key: "x:old", unlistedAt: 1 }], []);
    await store.uriClaims.change("b", "resources", [{ key: "x:b", unlistedAt: undefined }], []);
    const keeper = createClaimKeeper({ memory, log, now: () => 0, retryMs: 1 });
    keeper.listed("a", "resources", ["x:1", "x:2"]);
    keeper.listed("b", "resources", ["x:b"]);
    expect(keeper.claims.claimants("x:1", BOTH)).toEqual(["a"]);
    await eventually(async () => (log.lines.length === 2 ? true : undefined));
    keeper.listed("a", "resources", ["x:2"]);
    keeper.listed("a", "resourceTemplates", ["y:{id}"]);
    keeper.forget("b");
    broken = false;
    await eventually(async () => {
      const all = await store.uriClaims.all();
      return all.get("a")?.length === 3 && !all.has("b") ? true : undefined;
    });
    expect((await store.uriClaims.all()).get("a")).toEqual(
      expect.arrayContaining([
        { list: "resources", key: "x:1", unlistedAt: 0 },
        { list: "resources", key: "x:2", unlistedAt: undefined },
        { list: "resourceTemplates", key: "y:{id}", unlistedAt: undefined },
      ]),
    );
    expect(log.lines.length).toBe(2);
    await keeper.close();
  });

  it("is tried once more at the end, and no more", async () => {
    let writes = 0;
    const change = async () => {
      writes += 1;
      throw new Error("no disk");
    };
    const memory = { store: { change, forget: change }, known: new Map() };
    const keeper = createClaimKeeper({ memory, log: recordingLog(), now: () => 0, retryMs: 3_600_000 });
    keeper.listed("a", "resources", ["x:1"]);
    await eventually(async () => (writes === 1 ? true : undefined));
    await keeper.close();
    expect(writes).toBe(2);
  });
});
