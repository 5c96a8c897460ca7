import { describe, expect, it } from "vitest";
import { RawJson } from "../../src/core/raw-json.ts";
import { decodeOutcome, encodeOutcome } from "../../src/gateway/approvals/stored-outcome.ts";

describe("the outcome of a run, kept for later", () => {
  it.each(['{"content":[]}', '{ "content" : [ ], "n": 1.0, "t": "\\u00e9}" }', '{"kind":"error"}'])(
    "gives back a result in its very bytes: %s",
    (text) => {
      const stored = encodeOutcome({ kind: "result", result: RawJson.fromBytes(Buffer.from(text)) });
      expect(() => JSON.parse(Buffer.from(stored).toString())).not.toThrow();
      const outcome = decodeOutcome(stored);
      expect(outcome?.kind === "result" && outcome.result.bytes.toString()).toBe(text);
    },
  );

  it.each([
    { kind: "error", error: { code: -32050, message: "Bankrupt", data: { by: 3 } } },
    { kind: "withheld" },
  ] as const)("gives back $kind", (outcome) => {
    expect(decodeOutcome(encodeOutcome(outcome))).toEqual(outcome);
  });

  it("is nothing else", () => {
    for (const text of ["{}", "[]", '{"kind":"error","error":{}}', '{"kind":"denied"}']) {
      expect(decodeOutcome(Buffer.from(text))).toBeUndefined();
    }
  });
});
