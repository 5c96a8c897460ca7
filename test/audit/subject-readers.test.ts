import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countRows } from "../../src/audit/count-rows.ts";
import { createAudit } from "../../src/audit/create-audit.ts";
import { auditEntryJson } from "../../src/audit/read/entry-json.ts";
import { exportEntries } from "../../src/audit/read/export-entries.ts";
import { subjectWords } from "../../src/audit/read/subject-of.ts";
import { auditTable, exportLine } from "../../src/commands/audit/format.ts";
import { createSeal } from "../../src/core/seal.ts";
import { readTimeline } from "../../src/operations/activity/call-timeline.ts";
import { readOverview } from "../../src/operations/activity/overview.ts";
import { hashedValues } from "../../src/store/audit/audit-row.ts";
import type { AuditEntry, AuditFilter } from "../../src/store/audit/audit-rows.ts";
import { openStore, type Store } from "../../src/store/open-store.ts";
import { keepingLog } from "../support/audit.ts";
import { auditHash, digest, SECRET } from "../support/audit-key.ts";
import { opening } from "../support/audit-opening.ts";

const AT = Date.UTC(2026, 8, 21, 12);

/** One of each method, about things that all have the same name. */
const MADE = (
  [
    ["tool", "tools/call", "tool", "up/same"],
    ["prompt", "prompts/get", "prompt", "prompt up/same"],
    ["resource", "resources/read", "resource", "resource up/same"],
    ["subscription", "resources/subscribe", "resource", "subscription to resource up/same"],
    ["completion", "completion/complete", "prompt", "completion of prompt up/same"],
  ] as const
).map(([id, method, subjectKind, words]) => ({ id, method, subjectKind, subject: "same", words }));
const IDS = MADE.map(({ id }) => id);
const OTHERS = IDS.slice(1);

let store: Store;
let entries: readonly AuditEntry[];

beforeAll(async () => {
  const seal = createSeal(SECRET, "audit-arguments");
  const log = keepingLog();
  store = openStore({ url: "file::memory:", log, auditHash });
  const audit = createAudit({ rows: store.audit, now: () => AT, log, arguments: "redacted", seal, digest });
  for (const { id, words: _, ...about } of MADE) {
    await audit.open(opening(id, { ...about, at: AT, upstream: "up", challenge: "c-1", arguments: {} }));
    audit.close({ callId: id, at: AT, outcome: "ok", durationMs: 5 });
    const act = { about: "approval", id: `apr_${id}`, at: AT, actor: undefined, upstream: "up", policies: [] } as const;
    audit.record({ ...act, ...about, outcome: "expired" });
  }
  await audit.flush();
  entries = (await store.audit.list({ limit: 100 })).entries;
});

afterAll(() => store.close());

const entryOf = (id: string): AuditEntry => {
  const found = entries.find(({ callId }) => callId === id);
  if (found === undefined) throw new Error(`There is no entry ${id}.`);
  return found;
};

describe("a search", () => {
  const FILTERS: readonly { readonly filter: Omit<AuditFilter, "limit">; readonly finds: readonly string[] }[] = [
    { filter: { tool: "same" }, finds: ["tool"] },
    { filter: { tool: "same", upstream: "up" }, finds: ["tool"] },
    { filter: { subject: "same" }, finds: IDS },
    { filter: { subject: "other" }, finds: [] },
    { filter: { method: "no/such" }, finds: [] },
    { filter: { method: "prompts/get", tool: "same" }, finds: [] },
    ...MADE.map(({ id, method }) => ({ filter: { method }, finds: [id] })),
    ...MADE.map(({ id, method }) => ({ filter: { method, subject: "same" }, finds: [id] })),
  ];

  it.each(FILTERS)("for $filter finds $finds, and what was decided about them", async ({ filter, finds }) => {
    const page = await store.audit.list({ ...filter, limit: 100 });
    const found = page.entries.map(({ callId }) => callId);
    expect(found.sort()).toEqual(finds.flatMap((id) => [id, `apr_${id}`]).sort());
  });
});

describe.each(MADE)("of $words", ({ id, method, subjectKind, subject, words }) => {
  const ids = [id, `apr_${id}`];

  it.each(ids)("%s says so as JSON", (entry) => {
    const tool = subjectKind === "tool" ? subject : null;
    expect(auditEntryJson(entryOf(entry))).toMatchObject({
      method,
      tool,
      subject: { kind: subjectKind, name: subject },
    });
  });

  it.each(ids)("%s says so as a line of a table", async (entry) => {
    async function* pages() {
      yield [entryOf(entry)];
    }
    let text = "";
    for await (const part of exportEntries(pages(), "csv")) text += part;
    const [head = [], row = []] = text.split("\r\n").map((line) => line.split(","));
    const cell = (name: string) => row[head.indexOf(name)];
    expect(cell("tool")).toBe(subjectKind === "tool" ? subject : "");
    expect([cell("method"), cell("subject_kind"), cell("subject")]).toEqual([method, subjectKind, subject]);
  });

  it.each(ids)("%s says so in words", (entry) => {
    expect(subjectWords(entryOf(entry))).toBe(words);
    const [head, row] = auditTable([entryOf(entry)], (_, text) => text).split("\n");
    expect(head).toContain(subjectKind === "tool" ? " TOOL " : " SUBJECT ");
    expect(row).toContain(` ${words} `);
  });

  it("a timeline holds nothing of the others that one sign-in served, too", async () => {
    const approvals = { get: async () => undefined, history: async () => [] };
    const timeline = await readTimeline({ audit: store.audit, approvals }, id);
    expect(timeline?.entries.map(({ callId }) => callId)).toEqual([id]);
  });
});

it("what nobody has is told from a prompt, whatever a client writes", () => {
  const entry = { ...entryOf("tool"), upstream: null, tool: "prompt up/same" };
  expect(subjectWords(entry)).toBe("-/prompt up/same");
});

it("a raw row has the columns that its hash covers, and no more", async () => {
  for await (const page of store.audit.pages(1)) {
    for (const row of page) {
      const { prev_hash, hash, scheme, ...columns } = JSON.parse(exportLine(row));
      expect(Object.values(columns)).toEqual(hashedValues(row.seq, row));
    }
  }
});

it("only calls of tools are replayed, and the others are counted", async () => {
  const found: string[] = [];
  for await (const page of store.audit.calls(1)) found.push(...page.map(({ callId }) => callId));
  expect(found).toEqual(["tool"]);
  expect(await store.audit.countCalls(1)).toBe(1);
  expect(await store.audit.countOthers(1)).toBe(OTHERS.length);
});

it("figures keep kinds apart, and only calls of tools say how a server answers", async () => {
  const slice = await store.activity.next("me", AT, 1_000);
  if (slice === undefined) throw new Error("Somebody else counts.");
  await store.activity.count(slice, countRows(slice.rows, AT), { id: "me", until: 0 });
  const { points, upstreams } = await readOverview(store.activity, { since: AT, until: AT + 1, stepMs: 3_600_000 }, AT);
  expect(points).toMatchObject([{ decisions: { allow: 1 }, others: { prompt: { allow: 2 }, resource: { allow: 2 } } }]);
  expect(upstreams.get("up")).toMatchObject({ calls: 1 });
  expect(await store.witness.contradictions(0, 1)).not.toContainEqual(expect.stringContaining("More calls"));
});
