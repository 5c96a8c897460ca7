import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bucketOf, middleOf } from "../../src/audit/histogram.ts";
import { readMatches } from "../../src/audit/read/read-matches.ts";
import { createRollUp } from "../../src/audit/roll-up.ts";
import type { ActivityOperations } from "../../src/operations/activity/activity.ts";
import { createActivityOperations } from "../../src/operations/activity/create-activity-operations.ts";
import type { AuditRow } from "../../src/store/audit/audit-row.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { randomAudit } from "../support/random-audit.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 1_790_000_000_000;
const ANSWERED = /^(ok|tool_error|rpc_error|input_required)$/;
const UNANSWERED = /^(abandoned|CALL_CANCELLED|GATEWAY_STOPPED)$/;
const FAULT = /^UPSTREAM_/;

/** What a server took of a call's time: it waited for its user in the rest. */
function ownTime({ durationMs, facts }: AuditRow): number {
  const { asked_ms = 0 } = JSON.parse(facts ?? "{}") as { readonly asked_ms?: number };
  return (durationMs ?? 0) - asked_ms;
}

const noApprovals = { get: async () => undefined, history: async () => [] };

/** What administrators see of an audit of these rows. `lag`: so many rows came after the counting. */
async function counted(rows: readonly AuditRow[], lag = 0): Promise<ActivityOperations> {
  const store = openTestStore(join(temporaryDir(), "portcullis.db"));
  const deps = { store: store.activity, owner: "test", now: () => NOW, log: keepingLog() };
  const rollUp = createRollUp(deps);
  const append = async (some: readonly AuditRow[]) => {
    for (let from = 0; from < some.length; from += 500) await store.audit.append(some.slice(from, from + 500));
  };
  await append(rows.slice(0, rows.length - lag));
  await rollUp.catchUp(1_000);
  await append(rows.slice(rows.length - lag));
  return createActivityOperations({
    ...{ audit: store.audit, counts: store.activity, rollUp, approvals: noApprovals, now: () => NOW },
  });
}

function total(counts: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const one of counts) for (const [name, n] of Object.entries(one)) sums[name] = (sums[name] ?? 0) + n;
  return sums;
}

describe("figures over a time", () => {
  it.each([
    { name: "a day in half hours", sinceMs: DAY, stepMs: HOUR / 2, expected: HOUR / 2 },
    { name: "two days in five minutes", sinceMs: 2 * DAY, stepMs: 1, expected: 300_000 },
    { name: "two days and an hour, which only hours are kept of", sinceMs: 2 * DAY + HOUR, stepMs: 1, expected: HOUR },
    { name: "a month in half days", sinceMs: 30 * DAY, stepMs: 12 * HOUR, expected: 12 * HOUR },
    { name: "a time that is no multiple of anything", sinceMs: DAY - 12_345, stepMs: 1_234_567, expected: 1_500_000 },
  ])("are what a look at every row gives: $name", async ({ sinceMs, stepMs, expected }) => {
    const rows = randomAudit({ seed: 11, count: 6_000, from: NOW - sinceMs, to: NOW - 1 });
    const activity = await counted(rows);
    const overview = await activity.overview({ since: NOW - sinceMs, until: NOW, stepMs });
    expect(overview).toMatchObject({ stepMs: expected, until: NOW, behind: 0 });
    const calls = rows.filter((row) => row.kind === "opened" && row.approval === null);
    const upstreams = new Map(rows.flatMap((row) => (row.kind === "opened" ? [[row.callId, row.upstream]] : [])));
    const endedIn = (outcome: RegExp) => rows.filter((row) => row.kind === "closed" && outcome.test(row.outcome ?? ""));
    const [ends, faults, unanswered] = [endedIn(ANSWERED), endedIn(FAULT), endedIn(UNANSWERED)];
    const closed = new Set(rows.flatMap((row) => (row.kind === "closed" ? [row.callId] : [])));
    const unended = rows.filter((row) => row.kind === "opened" && !closed.has(row.callId));
    for (const [index, point] of overview.points.entries()) {
      expect(point.at).toBe(overview.since + index * expected);
      const within = (row: AuditRow) => row.at >= point.at && row.at < point.at + expected;
      expect(point.decisions).toEqual(total(calls.filter(within).map((row) => ({ [String(row.decision)]: 1 }))));
      const byUpstream = (some: readonly AuditRow[]) =>
        total(some.filter(within).map((row) => ({ [String(upstreams.get(row.callId))]: 1 })));
      const found = [...point.upstreams];
      expect(Object.fromEntries(found.map(([name, { calls }]) => [name, calls]))).toEqual(
        byUpstream([...ends, ...faults, ...unanswered, ...unended]),
      );
      const some = (key: "faults" | "unanswered" | "unended") =>
        Object.fromEntries(found.flatMap(([name, of]) => (of[key] === 0 ? [] : [[name, of[key]]])));
      expect(some("faults")).toEqual(byUpstream(faults));
      expect(some("unanswered")).toEqual(byUpstream(unanswered));
      expect(some("unended")).toEqual(byUpstream(unended));
    }
    const [name, latency] = [...overview.upstreams][0] ?? ["", undefined];
    const times = ends.filter((row) => upstreams.get(row.callId) === name).map(ownTime);
    times.sort((a, b) => a - b);
    const at = (share: number) => middleOf(bucketOf(times[Math.ceil(share * times.length) - 1] ?? 0));
    const [failed, cut, open] = [faults, unanswered, unended].map(
      (some) => some.filter((row) => upstreams.get(row.callId) === name).length,
    ) as [number, number, number];
    const figures = { calls: times.length + failed + cut + open, faults: failed, unanswered: cut, unended: open };
    expect(latency).toEqual({ ...figures, p50Ms: at(0.5), p95Ms: at(0.95) });
  });

  it("have 1,000 points at most, however long the time and short the step", async () => {
    const activity = await counted([]);
    const overview = await activity.overview({ since: 0, until: NOW, stepMs: 1 });
    expect(overview.points.length).toBeLessThanOrEqual(1_000);
  });

  it("say how many rows are not counted yet, and count some of them for who looks", async () => {
    const rows = randomAudit({ seed: 12, count: 4_000, from: NOW - DAY, to: NOW - 1 });
    const activity = await counted(rows, 2_500);
    const overview = await activity.overview({ since: NOW - DAY, until: NOW, stepMs: HOUR });
    expect(overview.behind).toBe(1_500);
  });
});

it.each([DAY, 3 * DAY])("matches of policies are counted since then (%d ms ago)", async (sinceMs) => {
  const rows = randomAudit({ seed: 13, count: 4_000, from: NOW - sinceMs, to: NOW - 1 });
  const activity = await counted(rows);
  const matches = rows
    .filter((row) => row.kind === "closed" || (row.kind === "opened" && row.approval === null))
    .flatMap((row) => readMatches(row.policies));
  const names = new Set(matches.map(({ policy }) => policy));
  const expected = [...names].map((name) => {
    const own = matches.filter(({ policy }) => policy === name);
    return [
      name,
      { applied: own.filter((m) => !m.shadow).length, shadow: own.filter((m) => m.shadow).length },
    ] as const;
  });
  expect(await activity.policyMatches(NOW - sinceMs)).toEqual(new Map(expected));
});
