import { join } from "node:path";
import Database from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { readMatches } from "../../src/audit/read/read-matches.ts";
import { outcomesOf } from "../../src/core/call-outcome.ts";
import type { AuditRow } from "../../src/store/audit/audit-row.ts";
import type { AuditEntry, AuditFilter } from "../../src/store/audit/audit-rows.ts";
import { createAuditSearch } from "../../src/store/audit/search-audit.ts";
import { createGuarded } from "../../src/store/database/guarded.ts";
import type { Store } from "../../src/store/open-store.ts";
import { openTestStore, temporaryDir } from "../support/audit.ts";
import { randomAudit } from "../support/random-audit.ts";

const HOUR = 3_600_000;
const FROM = 1_790_000_000_000;
const TO = FROM + 40 * HOUR;
const ROWS = 6_000;

type Wanted = Omit<AuditFilter, "limit" | "cursor">;

/** What a search must find, by looking at every row: numbers of entries, oldest first. */
function bruteForce(rows: readonly AuditRow[], wanted: Wanted): readonly number[] {
  const ends = new Map(rows.filter(({ kind }) => kind === "closed").map((row) => [row.callId, row]));
  const calls = new Set(rows.map((row) => row.callId));
  const { user, upstream, tool, decision, policy, shadow, approval, call, since, until, after = 0 } = wanted;
  const { outcome, client } = wanted;
  return rows.flatMap((row, index) => {
    if (row.kind === "closed") return [];
    const end = row.kind === "opened" ? ends.get(row.callId) : undefined;
    const asksMatches = policy !== undefined || shadow === true;
    const matched = asksMatches ? [row.policies, end?.policies ?? null].flatMap(readMatches) : [];
    const traced = call !== undefined && !calls.has(call) && row.traceId === call;
    const fits =
      (user === undefined || row.actor === user || row.actorEmail === user) &&
      (upstream === undefined || row.upstream === upstream) &&
      (tool === undefined || row.tool === tool) &&
      (decision === undefined || row.decision === decision) &&
      (outcome === undefined || outcomesOf(outcome).includes((end ?? row).outcome ?? "")) &&
      (client === undefined || [row.clientId, row.client, row.client?.split("/")[0]].includes(client)) &&
      (policy === undefined || matched.some((match) => match.policy === policy)) &&
      (shadow !== true || matched.some((match) => match.shadow)) &&
      (approval === undefined || row.approval === approval || end?.approval === approval) &&
      (call === undefined || row.callId === call || traced) &&
      (since === undefined || row.at >= since) &&
      (until === undefined || row.at < until) &&
      index + 1 > after;
    return fits ? [index + 1] : [];
  });
}

async function filled(): Promise<{ readonly store: Store; readonly rows: readonly AuditRow[]; readonly path: string }> {
  const path = join(temporaryDir(), "portcullis.db");
  const store = openTestStore(path);
  const rows = randomAudit({ seed: 7, count: ROWS, from: FROM, to: TO });
  for (let from = 0; from < rows.length; from += 500) await store.audit.append(rows.slice(from, from + 500));
  return { store, rows, path };
}

/** Counts so much of the audit, as a gateway does in the background. */
async function count(store: Store, slices: number): Promise<void> {
  for (let n = 0; n < slices; n += 1) {
    const slice = await store.activity.next("test", FROM, 1_000);
    if (slice !== undefined) await store.activity.count(slice, [], { id: "test", until: FROM });
  }
}

async function allPages(store: Store, wanted: Wanted, limit: number): Promise<readonly number[]> {
  const found: number[] = [];
  let cursor: number | undefined;
  do {
    const page = await store.audit.list({ ...wanted, limit, ...(cursor === undefined ? {} : { cursor }) });
    found.unshift(...page.entries.map(({ seq }) => seq));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return found;
}

async function exported(store: Store, wanted: Wanted): Promise<readonly number[]> {
  const found: number[] = [];
  for await (const page of store.audit.entries({ ...wanted, limit: 1 })) found.push(...page.map(({ seq }) => seq));
  return found;
}

describe("a search finds what a look at every row finds, page by page and in an export", () => {
  const filters: Readonly<Record<string, Wanted>> = {
    everything: {},
    "a user by subject": { user: "bob" },
    "a user by e-mail address": { user: "bob@acme.com" },
    "nobody's": { user: "nobody" },
    "a tool": { upstream: "crm", tool: "delete_customer" },
    "an upstream": { upstream: "payments" },
    "a decision": { decision: "step_up" },
    "an outcome": { outcome: "ok" },
    "an outcome of an act": { outcome: "approve" },
    "what failed": { outcome: "failed" },
    "a server's faults": { outcome: "fault", upstream: "payments" },
    "a client": { client: "claude-code" },
    "a policy": { policy: "eu-only" },
    "a policy in part of its name": { policy: "eu" },
    "policies in shadow": { shadow: true },
    "a time": { since: FROM + 10 * HOUR + 1, until: FROM + 13 * HOUR + 7 },
    "from a time on": { since: FROM + 35.5 * HOUR },
    "until a time": { until: FROM + 2.5 * HOUR },
    "a time before the first": { until: FROM },
    "a time after the last": { since: TO + HOUR },
    "what is newer": { after: ROWS - 100 },
    "a trace": { call: "trace_5" },
    "a call that is none": { call: "call_none" },
    "a user, a policy and a time": { user: "cat", policy: "no-deletes", since: FROM + HOUR, until: FROM + 30 * HOUR },
    "a decision in shadow of a tool": { decision: "deny", shadow: true, tool: "pay" },
  };

  it("counted in no part, in part, and all of it", async () => {
    const { store, rows } = await filled();
    const approval = rows.find((row) => row.kind === "decided")?.approval ?? "";
    const call = rows.find((row) => row.kind === "opened")?.callId ?? "";
    const cases = Object.entries({
      ...filters,
      "an approval": { approval },
      "an approval's of a user": { approval, user: "ann" },
      "a call": { call },
      "a call of an approval that is another's": { call, approval },
    } satisfies Readonly<Record<string, Wanted>>);
    const expectations = cases.map(([name, wanted]) => ({ name, wanted, expected: bruteForce(rows, wanted) }));
    for (const slices of [0, 2, 10]) {
      await count(store, slices);
      for (const { name, wanted, expected } of expectations) {
        expect(await allPages(store, wanted, 1_000), name).toEqual(expected);
        expect(await exported(store, wanted), name).toEqual(expected);
      }
    }
    expect(bruteForce(rows, { approval }).length).toBeGreaterThan(1);
    expect(await allPages(store, { decision: "step_up" }, 7)).toEqual(bruteForce(rows, { decision: "step_up" }));
  });
});

it("pages stay what they were while rows are added", async () => {
  const { store, rows } = await filled();
  const first = await store.audit.list({ user: "ann", limit: 50 });
  await store.audit.append(randomAudit({ seed: 8, count: 300, from: TO, to: TO + HOUR }));
  const second = await store.audit.list({ user: "ann", limit: 50, cursor: first.nextCursor ?? 0 });
  const shown = [...second.entries, ...first.entries].map(({ seq }) => seq);
  expect(shown).toEqual(bruteForce(rows, { user: "ann" }).slice(-100));
});

it("a page reads so many rows and no more, and the next one goes on there", async () => {
  const { rows, path } = await filled();
  const connection = new Database(path, { readonly: true });
  onTestFinished(() => void connection.close());
  const limits = { windowRows: 100, searchRows: 1_000, pageBytes: 1_000_000 };
  const search = createAuditSearch(drizzle({ client: connection }), createGuarded(path), limits);
  const first = await search.list({ user: "nobody", limit: 10 });
  expect(first).toEqual({ entries: [], nextCursor: rows.length - 999 });
  const found: number[] = [];
  let pages = 0;
  for (let cursor: number | undefined = rows.length + 1; cursor !== undefined; pages += 1) {
    const page = await search.list({ decision: "step_up", limit: 10, cursor });
    found.unshift(...page.entries.map(({ seq }) => seq));
    cursor = page.nextCursor;
  }
  expect(found).toEqual(bruteForce(rows, { decision: "step_up" }));
  expect(pages).toBeGreaterThanOrEqual(rows.length / 1_000);
});

it("a page, and a piece of an export, hold so much and no more, and the next one goes on there", async () => {
  const { rows, path } = await filled();
  const connection = new Database(path, { readonly: true });
  onTestFinished(() => void connection.close());
  const limits = { windowRows: 100, searchRows: 100_000, pageBytes: 5_000 };
  const search = createAuditSearch(drizzle({ client: connection }), createGuarded(path), limits);
  const found: number[] = [];
  let most = 0;
  for (let cursor: number | undefined = rows.length + 1; cursor !== undefined; ) {
    const page = await search.list({ user: "ann", limit: 100, cursor });
    found.unshift(...page.entries.map(({ seq }) => seq));
    most = Math.max(most, page.entries.length);
    cursor = page.nextCursor;
  }
  expect(found).toEqual(bruteForce(rows, { user: "ann" }));
  expect(most).toBeLessThan(40);
  const exported: number[] = [];
  for await (const page of search.entries({ user: "ann", limit: 1 })) exported.push(...page.map(({ seq }) => seq));
  expect(exported).toEqual(found);
});

it("what is on record about a call is found by any of its ids", async () => {
  const { store, rows } = await filled();
  const index = rows.findIndex((row) => row.kind === "opened" && row.approval !== null);
  const run = rows[index];
  const none = { calls: [], approvals: [], challenges: [], limit: 1_000 };
  const seqs = ({ entries }: { readonly entries: readonly AuditEntry[] }) => entries.map(({ seq }) => seq);
  expect(seqs(await store.audit.about({ ...none, calls: [run?.callId ?? ""] }))).toEqual([index + 1]);
  const approvals = [run?.approval ?? ""];
  const expected = bruteForce(rows, { approval: approvals[0] ?? "" });
  expect(seqs(await store.audit.about({ ...none, approvals }))).toEqual(expected);
  expect(seqs(await store.audit.about({ ...none, approvals, limit: 1 }))).toEqual(expected.slice(0, 1));
  const challenge = rows.find((row) => row.challenge !== null);
  const asked = await store.audit.about({ ...none, challenges: [challenge?.challenge ?? ""] });
  expect(asked.entries[0]).toMatchObject({
    callId: challenge?.callId,
    challenge: challenge?.challenge,
    outcome: "step_up_pending",
  });
});
