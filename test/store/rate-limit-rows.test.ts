import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/store/open-store.ts";
import type { RateLimits, RateLimitUse } from "../../src/store/rate-limits/rate-limits.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { eventually } from "../support/eventually.ts";
import { startScript } from "../support/script.ts";

const DAY = 86_400_000;

function budget(changes: Partial<RateLimitUse> = {}): RateLimitUse {
  return { counter: "p\nann", limit: 3, windowMs: DAY, cost: 1, ...changes };
}

function setUp(lockWaitMs = 2_000) {
  const path = join(temporaryDir(), "portcullis.db");
  const store = openTestStore(path, { lockWaitMs });
  return { path, store, limits: store.rateLimits };
}

async function passing(limits: RateLimits, uses: readonly RateLimitUse[], attempts: number): Promise<number> {
  const verdicts = await Promise.all(Array.from({ length: attempts }, () => limits.use(uses)));
  return verdicts.filter((verdict) => verdict.ok).length;
}

function rowsIn(path: string): readonly Record<string, unknown>[] {
  const db = new Database(path, { readonly: true });
  const rows = db.prepare<[], Record<string, unknown>>("SELECT * FROM rate_limits").all();
  db.close();
  return rows;
}

describe("a budget", () => {
  it("lets through what it holds, and then says when it opens again", async () => {
    const { limits } = setUp();
    for (let n = 0; n < 3; n++) expect(await limits.use([budget()])).toEqual({ ok: true });
    const refused = await limits.use([budget()]);
    expect(refused).toEqual({ ok: false, index: 0, retryAfterMs: expect.any(Number) });
    if (refused.ok) throw new Error("It passed.");
    expect(refused.retryAfterMs).toBeGreaterThan(DAY - 60_000);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(DAY);
  });

  it.each([
    ["another counter", { counter: "p\nbob" }],
    ["another limit", { limit: 4 }],
    ["another window", { windowMs: DAY + 1 }],
  ])("with %s is another budget", async (_what, change) => {
    const { limits } = setUp();
    expect(await passing(limits, [budget()], 5)).toBe(3);
    expect(await limits.use([budget(change)])).toEqual({ ok: true });
  });

  it("counts fractions, and ten tenths are a whole", async () => {
    const { limits } = setUp();
    expect(await passing(limits, [budget({ limit: 1, cost: 0.1 })], 15)).toBe(10);
    expect(await limits.use([budget({ limit: 1, cost: 0.001 })])).toMatchObject({ ok: false });
  });

  it("is open again when its window is over, and never holds more than it should", async () => {
    const { limits } = setUp();
    const short = budget({ windowMs: 1_000 });
    expect(await passing(limits, [short], 5)).toBe(3);
    await eventually(async () => ((await limits.use([short])).ok ? true : undefined));
    expect(await passing(limits, [short], 5)).toBe(2);
  });

  it.each([
    ["above the whole limit", 3.5],
    ["without end", Number.POSITIVE_INFINITY],
    ["that is no number", Number.NaN],
    ["below nothing", -1],
  ])("never lets a cost %s through, and says a whole window", async (_what, cost) => {
    const { limits } = setUp();
    expect(await limits.use([budget({ cost })])).toEqual({ ok: false, index: 0, retryAfterMs: DAY });
    expect(await passing(limits, [budget()], 5)).toBe(3);
  });

  it("that is used up still lets through what costs nothing", async () => {
    const { path, limits } = setUp();
    expect(await limits.use([budget({ cost: 0 })])).toEqual({ ok: true });
    expect(rowsIn(path)).toEqual([]);
    expect(await passing(limits, [budget()], 5)).toBe(3);
    expect(await limits.use([budget({ cost: 0 })])).toEqual({ ok: true });
  });

  it("works where nothing is kept, too", async () => {
    const store = openStore({ url: "file::memory:", log: keepingLog() });
    expect(await passing(store.rateLimits, [budget()], 5)).toBe(3);
    await store.close();
  });
});

describe("a call with several budgets", () => {
  it("takes from all of them or from none, and names the first that is used up", async () => {
    const { limits } = setUp();
    const wide = budget({ counter: "wide", limit: 10 });
    const narrow = budget({ counter: "narrow", limit: 2 });
    const never = budget({ counter: "never", limit: 0 });
    expect(await passing(limits, [wide, narrow], 6)).toBe(2);
    expect(await limits.use([wide, narrow, never])).toMatchObject({ ok: false, index: 1 });
    expect(await limits.use([wide, never, narrow])).toEqual({ ok: false, index: 1, retryAfterMs: DAY });
    expect(await passing(limits, [wide], 20)).toBe(8);
  });

  it("begins no window when it is refused", async () => {
    const { path, limits } = setUp();
    await limits.use([budget(), budget({ counter: "never", limit: 0 })]);
    expect(rowsIn(path)).toEqual([]);
  });
});

describe("the counters", () => {
  it("give back what was not used, to the window that it was taken from and to no other", async () => {
    const { path, limits } = setUp();
    const short = budget({ counter: "short", windowMs: 300, limit: 1 });
    const other = budget({ counter: "other", cost: 2 });
    expect(await limits.use([short, other])).toEqual({ ok: true });
    const drawnAt = Date.now();
    await limits.giveBack([short, other], drawnAt);
    // All of it, and no more than was taken.
    await limits.giveBack([other], drawnAt);
    expect(rowsIn(path).map(({ points }) => points)).toEqual([0, 0]);
    expect(await limits.use([short])).toEqual({ ok: true });
    await eventually(async () => ((await limits.use([short])).ok ? true : undefined));
    // Its window is over, and the next one was begun by somebody else.
    await limits.giveBack([short], drawnAt);
    expect(rowsIn(path).map(({ points }) => points)).toContain(1);
  });

  it("outlive the process", async () => {
    const path = join(temporaryDir(), "portcullis.db");
    const before = openStore({ url: `file:${path}`, log: keepingLog() });
    expect(await passing(before.rateLimits, [budget()], 2)).toBe(2);
    await before.close();
    expect(await passing(openTestStore(path).rateLimits, [budget()], 5)).toBe(1);
  });

  it("are exact when processes race for them", async () => {
    const path = join(temporaryDir(), "portcullis.db");
    const runs = [1, 2].map(() => startScript("budget-drawer", [path, "400", "500"]));
    for (const run of runs) expect(await run.ended).toMatchObject({ code: 0, stderr: "" });
    const lines = runs.flatMap((run) => run.lines);
    expect(lines).toHaveLength(800);
    expect(lines.filter((line) => line === "+")).toHaveLength(500);
    // The refused ones took nothing from the other budget either.
    expect(
      rowsIn(path)
        .map((row) => row["points"])
        .sort(),
    ).toEqual([500, 500]);
  });

  it("hold nothing that a caller sent", async () => {
    const { path, limits } = setUp();
    await limits.use([budget({ counter: "p\nann@acme.com" })]);
    expect(rowsIn(path)).toEqual([
      { key: expect.stringMatching(/^[0-9a-f]{64}$/), points: 1, expire: expect.any(Number) },
    ]);
  });

  it("go when their window is over, while others are counted", async () => {
    const { path, limits } = setUp();
    for (let n = 0; n < 100; n++) await limits.use([budget({ counter: `short ${n}`, windowMs: 1 })]);
    await eventually(async () => {
      await limits.use([budget({ counter: "long", limit: 1_000_000 })]);
      return rowsIn(path).length === 1 ? true : undefined;
    });
  });
});

describe("the lock of the database", () => {
  it("is waited for, and who waits is counted once", async () => {
    const { path, limits } = setUp(10_000);
    const lock = new Database(path);
    lock.exec("BEGIN IMMEDIATE");
    const used = passing(limits, [budget()], 5);
    await nextTurn();
    await nextTurn();
    lock.exec("ROLLBACK");
    lock.close();
    expect(await used).toBe(3);
  });

  it("that nobody gives back is a fault of every call that waits, at the same time, and nothing is counted", async () => {
    const { path, limits } = setUp(50);
    const lock = new Database(path);
    lock.exec("BEGIN IMMEDIATE");
    const results = await Promise.allSettled([1, 2, 3, 4, 5].map(() => limits.use([budget()])));
    expect(results).toEqual(
      results.map(() => ({ status: "rejected", reason: expect.objectContaining({ code: "STORE_LOCKED" }) })),
    );
    lock.exec("ROLLBACK");
    lock.close();
    expect(await passing(limits, [budget()], 5)).toBe(3);
  });

  it("is never held from one turn of the event loop to the next", async () => {
    const { path, limits } = setUp();
    const other = new Database(path, { timeout: 0 });
    let done = false;
    const used = passing(limits, [budget(), budget({ counter: "second" })], 200).finally(() => {
      done = true;
    });
    do {
      await nextTurn();
      other.exec("BEGIN IMMEDIATE; ROLLBACK");
    } while (!done);
    other.close();
    expect(await used).toBe(3);
  });

  it("is shared with everything else that the store writes", async () => {
    const { store, limits } = setUp();
    const listed = (n: number) => [{ name: "get", digest: String(n), definition: {} }];
    const [passed] = await Promise.all([
      passing(limits, [budget({ limit: 100 })], 150),
      ...Array.from({ length: 50 }, (_, n) => store.definitions.replace("crm", listed(n), n)),
      ...Array.from({ length: 50 }, async (_, n) => {
        await nextTurn();
        await store.definitions.replace("bank", listed(n), n);
      }),
    ]);
    expect(passed).toBe(100);
    expect(await store.definitions.current()).toHaveLength(2);
  });
});
