import fc from "fast-check";
import { expect, it } from "vitest";
import { createRowEncoder } from "../../src/audit/encode-row.ts";
import { createSeal } from "../../src/core/seal.ts";
import { canonicalEnd, canonicalRow } from "../../src/store/audit/audit-row.ts";
import { digest, SECRET } from "../support/audit-key.ts";

const encoder = createRowEncoder({ arguments: "digest", seal: createSeal(SECRET, "test"), digest });

it("is the text that the row of a call's end has by the rule of all rows", () => {
  const number = fc.oneof(fc.nat(), fc.double({ min: 0, noNaN: true }), fc.constantFrom(0, Number.MAX_SAFE_INTEGER));
  const text = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(fc.nat(), fc.nat(), text, text, number, (seq, at, callId, outcome, durationMs) => {
      const row = { ...encoder.closing({ callId, at, outcome: "ok", durationMs }), outcome };
      expect(canonicalEnd(seq, row)).toBe(canonicalRow(seq, row));
    }),
  );
});
