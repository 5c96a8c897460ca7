import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../src/core/json.ts";
import { redactJson, redactResult } from "../../src/redaction/redact.ts";
import { compileRedaction, DETECTORS, REPLACEMENTS } from "../../src/redaction/redaction.ts";
import { hash } from "./helpers.ts";

const PIECES = [
  ...["4111 1111 1111 1111", "378282246310005", "4111", "1111", "-", " ", ".", "1", "a", "@", "x", "\u200b", "٤"],
  ...[
    "ann@example.com",
    "@example.com",
    "+49 30 1234567",
    "212-555-0100",
    "030 1234 567",
    "078-05-1120",
    "078-",
    "05-",
  ],
  ...[
    "DE89 3704 0044 0532 0130 00",
    "DE89",
    "GB33BUKB20201555555555",
    "eyJhbGciOiJub25lIn0.e30.x",
    "eyJhbGciOiJub25lIn0",
  ],
  ...[
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "AKIAIOSFODNN7EXAMPLE",
    "sk-1234567890abcdef",
    "\\u0040",
  ],
  ...['{"a":', "[", "]", "}", '"', ":", ",", "[redacted:email]", "[hash:4111111111111111]", "[email:4111111111111111]"],
];

const text = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join("")),
  fc.string({ unit: "binary", maxLength: 20 }),
);
const key = fc.oneof(text, fc.constantFrom("phone", "ssn", "secret_key", "a", "b", "__proto__"));
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(
      text,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(4111111111111111, 2125550100, 123456789, null, true),
    ),
    fc.array(tie("json"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("json")), { maxLength: 4 }).map((members) => Object.fromEntries(members)),
    tie("json").map((value) => JSON.stringify(value)),
  ),
}));

// Without list indices: dropping the first item makes the next one the first.
const PATHS = ["$.a", "$..b", "$.a.b", "$.*", "$.a[?@.b]", "$..phone", "$.a[*].b"];
const rule = fc.record({
  detect: fc.subarray([...DETECTORS]),
  paths: fc.subarray(PATHS, { maxLength: 3 }),
  with: fc.constantFrom(...REPLACEMENTS),
});
const result = fc.record(
  {
    structuredContent: json,
    content: fc.array(
      text.map((it) => ({ type: "text", text: it })),
      { maxLength: 3 },
    ),
    _meta: json,
  },
  { requiredKeys: [] },
);

const RUNS = { numRuns: 1000 };

describe("redaction, whatever the value and the rules", () => {
  it("finds nothing in its own output", () => {
    fc.assert(
      fc.property(json, fc.array(rule, { minLength: 1, maxLength: 3 }), (value, rules) => {
        const redactions = rules.map(compileRedaction);
        const once = redactJson(value, redactions, hash);
        expect(redactJson(once, redactions, hash)).toBe(once);
      }),
      RUNS,
    );
  });

  it.each([
    ['4111 1111 1111 1111{"a":4111}', "drop"],
    ['ann@example.com [{"a":"ann@example.com{\\"a\\":1}"}]', "drop"],
    ['{"b":"-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----","a":1}', "replace"],
    ['{"phone":2125550100}ann@example.com', "drop"],
  ] as const)("takes out of %j, which is JSON without what was found in it, what it holds then", (text, how) => {
    for (const value of [text, [[text]], { message: text }]) {
      const redactions = [
        compileRedaction({ detect: ["credit_card", "email", "phone", "private_key"], paths: [], with: how }),
        compileRedaction({ detect: [], paths: ["$.a", "$[*].a"], with: "replace" }),
      ];
      const once = redactJson(value, redactions, hash);
      expect(JSON.stringify(once)).not.toMatch(/a\\*":\\*"?[14]|212/);
      expect(redactJson(once, redactions, hash)).toBe(once);
    }
  });

  it("leaves nothing for a rule that is weaker or stronger to find", () => {
    fc.assert(
      fc.property(json, fc.constantFrom(...REPLACEMENTS), fc.constantFrom(...REPLACEMENTS), (value, one, other) => {
        const redaction = compileRedaction({ detect: [...DETECTORS], paths: [], with: one });
        const once = redactJson(value, [redaction], hash);
        const again = compileRedaction({ detect: [...DETECTORS], paths: [], with: other });
        expect(redactJson(once, [again], hash)).toBe(once);
      }),
      RUNS,
    );
  });

  it("changes a result once, and not in another way when the rules stand in another order", () => {
    fc.assert(
      fc.property(result, fc.array(rule, { maxLength: 3 }), (value, rules) => {
        const redactions = rules.map(compileRedaction);
        const once = redactResult(value, redactions, hash);
        if (!once.ok) throw new Error(once.reason);
        expect(redactResult(value, redactions.toReversed(), hash)).toEqual(once);
        expect(redactResult(once.result, redactions, hash)).toMatchObject({ ok: true, found: {} });
      }),
      RUNS,
    );
  });

  it("gives the very same value back, or another one with something found", () => {
    fc.assert(
      fc.property(result, rule, (value, parts) => {
        const before = JSON.stringify(value);
        const outcome = redactResult(value, [compileRedaction(parts)], hash);
        expect(JSON.stringify(value)).toBe(before);
        if (outcome.ok && Object.keys(outcome.found).length > 0) expect(outcome.result).not.toBe(value);
      }),
      RUNS,
    );
  });
});
