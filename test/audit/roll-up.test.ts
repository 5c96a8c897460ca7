import { join } from "node:path";
import Database from "better-sqlite3";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRowEncoder } from "../../src/audit/encode-row.ts";
import { bucketOf, middleOf, quantileOf } from "../../src/audit/histogram.ts";
import { readMatches } from "../../src/audit/read/read-matches.ts";
import { createRollUp, type RollUpTiming } from "../../src/audit/roll-up.ts";
import { createSeal } from "../../src/core/seal.ts";
import { LONG_STEP, SHORT_STEP } from "../../src/store/activity/activity.ts";
import type { AuditRow } from "../../src/store/audit/audit-row.ts";
import { openStore, type Store } from "../../src/store/open-store.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { auditHash, digest } from "../support/audit-key.ts";
import { opening } from "../support/audit-opening.ts";
import { eventually } from "../support/eventually.ts";
import { randomAudit } from "../support/random-audit.ts";
import { startScript } from "../support/script.ts";

const DAY = 86_400_000;
const NOW = 1_790_000_000_000;
const ANSWERED = ["ok", "tool_error", "rpc_error", "RESULT_WITHHELD", "input_required"];
const UNANSWERED = ["abandoned", "CALL_CANCELLED", "GATEWAY_STOPPED"];

/** What must have been counted, by looking at every row: `step what at name bucket` to a number. */
function bruteForce(rows: readonly AuditRow[], now: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const upstreams = new Map(rows.flatMap((row) => (row.kind === "opened" ? [[row.callId, row.upstream]] : [])));
  const ended = new Set(rows.flatMap((row) => (row.kind === "closed" ? [row.callId] : [])));
  for (const [step, kept] of [
    [SHORT_STEP, 2 * DAY + LONG_STEP],
    [LONG_STEP, 31 * DAY],
  ] as const) {
    for (const row of rows) {
      const at = row.at - (row.at % step);
      if (at < now - kept) continue;
      const add = (what: string, name: string, bucket = 0) => {
        const key = [step, what, at, name, bucket].join(" ");
        counts.set(key, (counts.get(key) ?? 0) + 1);
      };
      const asked = row.kind === "opened" && row.approval === null;
      if (asked) add("decision", String(row.decision));
      if (asked || row.kind === "closed") {
        for (const { policy, shadow } of readMatches(row.policies)) add(shadow ? "shadow" : "applied", policy);
      }
      if (row.kind === "opened" && !ended.has(row.callId)) add("unended", String(row.upstream));
      const upstream = String(upstreams.get(row.callId));
      if (row.kind === "closed" && row.outcome?.startsWith("UPSTREAM_") === true) add("fault", upstream);
      if (row.kind === "closed" && UNANSWERED.includes(String(row.outcome))) add("unanswered", upstream);
      if (row.kind === "closed" && ANSWERED.includes(String(row.outcome))) {
        const { asked_ms = 0 } = JSON.parse(row.facts ?? "{}") as { readonly asked_ms?: number };
        add("latency", upstream, bucketOf((row.durationMs ?? 0) - asked_ms));
      }
    }
  }
  return counts;
}

/** What is counted, read by hand. */
function counted(path: string): ReadonlyMap<string, number> {
  const db = new Database(path, { readonly: true });
  const rows = db
    .prepare<[], { key: string; n: number }>(
      "SELECT step || ' ' || what || ' ' || at || ' ' || name || ' ' || bucket AS key, n FROM activity_counts WHERE n <> 0",
    )
    .all();
  db.close();
  return new Map(rows.map(({ key, n }) => [key, n]));
}

async function append(store: Store, rows: readonly AuditRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += 500) await store.audit.append(rows.slice(from, from + 500));
}

function rollUpOf(store: Store, timing: Partial<RollUpTiming> = {}, owner = "one") {
  return createRollUp({ store: store.activity, owner, now: () => NOW, log: keepingLog(), timing });
}

describe("what is counted", () => {
  it("is what a look at every row counts, whatever happened, in slices of any size", async () => {
    const audits = fc.record({
      seed: fc.nat(),
      count: fc.integer({ min: 1, max: 400 }),
      spanMs: fc.constantFrom(DAY / 4, 3 * DAY, 40 * DAY),
      sliceRows: fc.integer({ min: 1, max: 300 }),
    });
    await fc.assert(
      fc.asyncProperty(audits, async ({ seed, count, spanMs, sliceRows }) => {
        const path = join(temporaryDir(), "portcullis.db");
        const store = openStore({ url: `file:${path}`, log: keepingLog(), auditHash });
        const rows = randomAudit({ seed, count, from: NOW - spanMs, to: NOW });
        await append(store, rows);
        const rollUp = rollUpOf(store, { sliceRows });
        await rollUp.catchUp(1_000);
        expect(await store.activity.behind()).toBe(0);
        await store.close();
        expect(counted(path)).toEqual(bruteForce(rows, NOW));
      }),
      { numRuns: 25 },
    );
  });

  it("is the same after a restart in the middle, and after rows that came later", async () => {
    const path = join(temporaryDir(), "portcullis.db");
    const rows = randomAudit({ seed: 1, count: 2_000, from: NOW - DAY, to: NOW });
    const first = openStore({ url: `file:${path}`, log: keepingLog(), auditHash });
    await append(first, rows.slice(0, 1_500));
    const before = rollUpOf(first, { sliceRows: 100 });
    await before.catchUp(4);
    expect(await first.activity.behind()).toBe(1_100);
    await before.close();
    await first.close();
    const second = openTestStore(path);
    const after = rollUpOf(second, { sliceRows: 100 }, "another");
    await after.catchUp(100);
    await append(second, rows.slice(1_500));
    await after.catchUp(100);
    expect(counted(path)).toEqual(bruteForce(rows, NOW));
  });

  it("is counted once by two processes that meet at every slice", async () => {
    const path = join(temporaryDir(), "portcullis.db");
    const store = openTestStore(path);
    const rows = randomAudit({ seed: 2, count: 3_000, from: NOW - DAY, to: NOW });
    await append(store, rows);
    const runs = [0, 1].map(() => startScript("counting-process", [path, String(NOW), "20"]));
    for (const run of runs) expect(await run.ended).toMatchObject({ code: 0 });
    expect(counted(path)).toEqual(bruteForce(rows, NOW));
  });

  it("is left to the process that counts already, until it has been silent for a while", async () => {
    const store = openTestStore(join(temporaryDir(), "portcullis.db"));
    await append(store, randomAudit({ seed: 3, count: 300, from: NOW - DAY, to: NOW }));
    await rollUpOf(store, { sliceRows: 100 }, "one").catchUp(1);
    const behind = await store.activity.behind();
    await rollUpOf(store, { sliceRows: 100 }, "two").catchUp(10);
    expect(await store.activity.behind()).toBe(behind);
    const later = { store: store.activity, owner: "two", now: () => NOW + 11_000, log: keepingLog() };
    await createRollUp(later).catchUp(10);
    expect(await store.activity.behind()).toBe(0);
  });

  it("is counted in the background, while others get their turns", async () => {
    const store = openTestStore(join(temporaryDir(), "portcullis.db"));
    const rows = randomAudit({ seed: 4, count: 3_000, from: NOW - DAY, to: NOW });
    await append(store, rows);
    const rollUp = rollUpOf(store, { everyMs: 5 });
    onTestFinished(() => rollUp.close());
    rollUp.start();
    await eventually(async () => ((await store.activity.behind()) === 0 ? true : undefined));
    await append(store, randomAudit({ seed: 5, count: 100, from: NOW - 1_000, to: NOW }));
    await eventually(async () => ((await store.activity.behind()) === 0 ? true : undefined));
  });

  it("is counted later where the store cannot be read for a while, which is said once", async () => {
    const store = openTestStore(join(temporaryDir(), "portcullis.db"));
    await append(store, randomAudit({ seed: 9, count: 100, from: NOW - DAY, to: NOW }));
    const log = keepingLog();
    let failures = 3;
    const failing = {
      ...store.activity,
      async next(...asked: Parameters<typeof store.activity.next>) {
        failures -= 1;
        if (failures >= 0) throw new StoreError("STORE_FAILED", "The disk is away.");
        return store.activity.next(...asked);
      },
    };
    const rollUp = createRollUp({ store: failing, owner: "one", now: () => NOW, log, timing: { everyMs: 1 } });
    onTestFinished(() => rollUp.close());
    rollUp.start();
    await eventually(async () => (log.lines.length === 2 ? true : undefined));
    expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      "warn The audit cannot be counted. Figures about activity stay behind.",
      "info The audit is counted again.",
    ]);
    expect(await store.activity.behind()).toBe(0);
  });

  it("is forgotten after two days in short spans, and after a month in long ones", async () => {
    const path = join(temporaryDir(), "portcullis.db");
    const store = openTestStore(path);
    const rows = randomAudit({ seed: 6, count: 500, from: NOW - DAY, to: NOW });
    await append(store, rows);
    await rollUpOf(store).catchUp(10);
    const steps = () => [...new Set([...counted(path).keys()].map((key) => Number(key.split(" ")[0])))].sort();
    expect(steps()).toEqual([LONG_STEP, SHORT_STEP].sort());
    let time = NOW + 3 * DAY;
    const rollUp = createRollUp({
      ...{ store: store.activity, owner: "one", now: () => time, log: keepingLog() },
      timing: { everyMs: 2 },
    });
    onTestFinished(() => rollUp.close());
    rollUp.start();
    await eventually(async () => (steps().includes(SHORT_STEP) ? undefined : true));
    expect(steps()).toEqual([LONG_STEP]);
    time = NOW + 33 * DAY;
    await eventually(async () => (steps().length === 0 ? true : undefined));
  });
});

it("a call that never ended stands as such, and an end whose call is not on record counts for no upstream", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  const store = openTestStore(path);
  const encoder = createRowEncoder({
    arguments: "digest",
    seal: createSeal(Buffer.alloc(32, 7), "audit-arguments"),
    digest,
  });
  await store.audit.append([
    encoder.opening(opening("call_1", { at: NOW })),
    encoder.closing({ callId: "call_2", at: NOW, outcome: "ok", durationMs: 3 }),
  ]);
  await rollUpOf(store).catchUp(1);
  const found = [...counted(path)].filter(([key]) => !key.includes("decision"));
  expect(found).toEqual([SHORT_STEP, LONG_STEP].map((step) => [`${step} unended ${NOW - (NOW % step)} expenses 0`, 1]));
});

describe("a histogram", () => {
  it("gives every time back to a twentieth of it", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 1e9, noNaN: true }), (ms) => {
        const back = quantileOf(new Map([[bucketOf(ms), 1]]), 0.5) ?? Number.NaN;
        expect(Math.abs(back - ms) / ms).toBeLessThan(0.051);
      }),
    );
  });

  it("tells the time that so much of all stays within", () => {
    const times = Array.from({ length: 1_000 }, (_, n) => n + 1);
    const histogram = new Map<number, number>();
    for (const ms of times) histogram.set(bucketOf(ms), (histogram.get(bucketOf(ms)) ?? 0) + 1);
    expect(quantileOf(histogram, 0.5)).toBe(middleOf(bucketOf(500)));
    expect(quantileOf(histogram, 0.95)).toBe(middleOf(bucketOf(950)));
    expect(quantileOf(new Map(), 0.5)).toBeUndefined();
  });
});
