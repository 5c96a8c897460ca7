import { expect, it } from "vitest";
import { recordOf, requestRow } from "../../src/store/approvals/rows.ts";
import { aRecord } from "../support/approval-records.ts";

const row = { ...requestRow(aRecord()), history: null, mac: null };

it("takes traces as they were written down", () => {
  expect(recordOf(row).traces).toEqual(aRecord().traces);
});

// Somebody of whom less was written down may be whoever the rest would have named.
it.each(["odd", "mentions"])("takes who asked for possibly anybody where %s was not written down yet", (missing) => {
  const { [missing]: _, ...older } = JSON.parse(row.traces ?? "{}");
  const { traces } = recordOf({ ...row, traces: JSON.stringify(older) });
  expect(traces).toMatchObject({ odd: true, mentions: [] });
});
