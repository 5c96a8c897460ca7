import { join } from "node:path";
import { expect, it } from "vitest";
import { GATEWAY_LOST } from "../../src/core/call-outcome.ts";
import { type AuditRow, EMPTY_ROW } from "../../src/store/audit/audit-row.ts";
import { type CheckpointReason, checkpointRow } from "../../src/store/audit/checkpoint-row.ts";
import type { Store } from "../../src/store/open-store.ts";
import { openTestStore, temporaryDir } from "../support/audit.ts";

const AT = 1_790_000_000_000;
const COUNTS = { approvals: 0, events: 0, decisions: 0 };

const opened = (callId: string): AuditRow => ({
  ...EMPTY_ROW,
  ...{ at: AT, callId, kind: "opened", actor: "ann", upstream: "bank", tool: "pay", decision: "allow" },
});
const closed = (callId: string, outcome: string): AuditRow => ({
  ...EMPTY_ROW,
  ...{ at: AT + 1, callId, kind: "closed", outcome, durationMs: 1 },
});
const checkpoint = (reason: CheckpointReason) => checkpointRow(reason, AT, COUNTS);

/** Each call on record, with how it ended. */
async function ends(store: Store, outcome?: string) {
  const { entries } = await store.audit.list({ limit: 50, ...(outcome === undefined ? {} : { outcome }) });
  return entries.map((entry) => [entry.callId, entry.outcome]);
}

it("a call that was opened and never closed is lost once a gateway has started since, and only then", async () => {
  const store = openTestStore(join(temporaryDir(), "portcullis.db"));
  await store.audit.append([checkpoint("start"), opened("a"), closed("a", "ok"), opened("b"), checkpoint("regular")]);
  expect(await ends(store)).toEqual([
    ["a", "ok"],
    ["b", null],
  ]);
  expect(await ends(store, GATEWAY_LOST)).toEqual([]);
  await store.audit.append([checkpoint("start"), opened("c")]);
  expect(await ends(store)).toEqual([
    ["a", "ok"],
    ["b", GATEWAY_LOST],
    ["c", null],
  ]);
  for (const word of [GATEWAY_LOST, "cut_off", "failed"])
    expect(await ends(store, word)).toEqual([["b", GATEWAY_LOST]]);
  const about = await store.audit.about({ calls: ["b"], approvals: [], challenges: [], limit: 5 });
  expect(about.entries.map(({ outcome }) => outcome)).toEqual([GATEWAY_LOST]);
});

it("a call of another gateway on the same record that ends after all is shown as it ended", async () => {
  const store = openTestStore(join(temporaryDir(), "portcullis.db"));
  await store.audit.append([checkpoint("start"), opened("a"), checkpoint("start"), closed("a", "ok")]);
  expect(await ends(store)).toEqual([["a", "ok"]]);
});
