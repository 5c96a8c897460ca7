import { describe, expect, it } from "vitest";
import { countRows } from "../../src/audit/count-rows.ts";
import { auditEntryJson } from "../../src/audit/read/entry-json.ts";
import { exportEntries } from "../../src/audit/read/export-entries.ts";
import { writeExact } from "../../src/core/exact-json.ts";
import { entryOf } from "../../src/store/audit/audit-entry.ts";
import { EMPTY_ROW, type StoredAuditRow } from "../../src/store/audit/audit-row.ts";

const ROW: StoredAuditRow = {
  ...EMPTY_ROW,
  ...{ seq: 7, at: 1_800_000_000_000, callId: "call_1", kind: "opened", actor: "ann", tool: "pay", decision: "allow" },
  ...{ prevHash: "", hash: "", scheme: null },
};
const DEEP = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
const MANY = `[${"0,".repeat(400_000)}0]`;
/** As SQLite keeps it, whatever the column is for. */
const changed = (values: object): StoredAuditRow => ({ ...ROW, ...values });

async function written(row: StoredAuditRow, ended: StoredAuditRow | null): Promise<string[]> {
  const entry = entryOf(row, ended);
  const pages = async function* () {
    yield [entry, entryOf(ROW, null)];
  };
  const exported = async (format: "jsonl" | "csv") => {
    let all = "";
    for await (const text of exportEntries(pages(), format)) all += text;
    return all;
  };
  return [writeExact(auditEntryJson(entry)), await exported("jsonl"), await exported("csv")];
}

describe("a row that somebody has changed so that it cannot be read", () => {
  it.each<[what: string, values: object]>([
    ["a time without end", { at: Number.POSITIVE_INFINITY }],
    ["a time long ago", { at: -8e15 }],
    ["a time after all years", { at: 8e15 }],
    ["a time that is a text", { at: "yesterday" }],
    ["an unknown kind", { kind: DEEP }],
    ["bytes as the kind", { kind: Buffer.alloc(10, 255) }],
    ["bytes as an id", { callId: Buffer.alloc(10, 255) }],
    ["bytes as policies", { policies: Buffer.alloc(10, 255) }],
    ["a number as the tool", { tool: 5 }],
    ["an endless duration", { durationMs: Number.POSITIVE_INFINITY }],
  ])("is listed as such, with its place, beside the others: %s", async (_, values) => {
    const rows: [StoredAuditRow, StoredAuditRow | null][] = [[changed(values), null]];
    if (!("kind" in values)) rows.push([ROW, { ...changed(values), kind: "closed" }]);
    for (const [row, ended] of rows) {
      const entry = entryOf(row, ended);
      expect(entry).toMatchObject({ seq: 7, kind: "admin", outcome: "unreadable", tool: null });
      for (const text of await written(row, ended)) expect(text).toContain("unreadable");
    }
  });

  it.each([
    ["policies", DEEP],
    ["policies", MANY],
    ["argumentsRedacted", DEEP],
    ["facts", DEEP],
  ])("shows %s as the text that it is, where it is no JSON within bounds", async (column, text) => {
    for (const shown of await written(changed({ [column]: text }), null)) expect(shown).toContain("pay");
  });

  it("is not counted, and the others are", () => {
    const countable = { ...ROW, openedAt: null, waitedMs: null };
    const odd = [
      { ...countable, at: Number.POSITIVE_INFINITY },
      { ...countable, policies: DEEP },
      { ...countable, waitedMs: Number.NEGATIVE_INFINITY },
    ];
    const counts = countRows([...odd, countable], ROW.at);
    expect(counts.every(({ at }) => Number.isFinite(at))).toBe(true);
    expect(counts.find(({ what }) => what === "decision")?.n).toBe(2);
  });
});
