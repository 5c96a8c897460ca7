import { expect, it } from "vitest";
import { auditEntryJson } from "../../src/audit/read/entry-json.ts";
import { exportEntries } from "../../src/audit/read/export-entries.ts";
import { entryOf } from "../../src/store/audit/audit-entry.ts";
import { EMPTY_ROW, type StoredAuditRow } from "../../src/store/audit/audit-row.ts";

const OPENED: StoredAuditRow = {
  ...EMPTY_ROW,
  ...{ seq: 1, at: 1_800_000_000_000, callId: "call_1", kind: "opened", decision: "allow" },
  ...{ prevHash: "", hash: "", scheme: null },
};
const ended = (facts: string | null): StoredAuditRow => ({
  ...OPENED,
  ...{ seq: 2, kind: "closed", outcome: "ok", durationMs: 5_010, facts },
});

it.each<[what: string, end: StoredAuditRow | null, asked: number | null]>([
  ["of a call whose server asked", ended('{"asked_ms":4990}'), 4_990],
  ["of one whose server did not", ended(null), 0],
  ["of one whose end says nothing that can be read", ended("["), 0],
  ["of one that runs", null, null],
])("an entry says for how long its server waited for the client: %s", async (_, end, asked) => {
  const entry = entryOf(OPENED, end);
  expect(auditEntryJson(entry)).toMatchObject({ duration_ms: end === null ? null : 5_010, asked_ms: asked });
  const pages = async function* () {
    yield [entry];
  };
  let csv = "";
  for await (const text of exportEntries(pages(), "csv")) csv += text;
  const [head = [], cells = []] = csv.split("\r\n").map((line) => line.split(","));
  expect(cells[head.indexOf("asked_ms")]).toBe(asked === null ? "" : String(asked));
});
