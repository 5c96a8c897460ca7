import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { redactJson, redactResult } from "../../src/redaction/redact.ts";
import { BINARY_HANDLING, compileRedaction, DETECTORS, REPLACEMENTS } from "../../src/redaction/redaction.ts";
import type { ResultKind } from "../../src/redaction/shapes/result-kinds.ts";
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
// What is dropped from a name can leave one that a path names, or the protocol.
const NAMES = ["a", "b", "phone", "text", "data", "type", "_meta", "resource", "blob", "content", "structuredContent"];
const LEFT_OUT = ["-----BEGIN PRIVATE KEY-----", " ann@example.com", "4111 1111 1111 1111", " 078-05-1120"];
const uncovered = fc
  .tuple(fc.constantFrom(...NAMES, "A"), fc.constantFrom(...LEFT_OUT), fc.boolean())
  .map(([name, out, after]) => (after ? name + out : out.trim() + name));
const key = fc.oneof(text, uncovered, fc.constantFrom("phone", "ssn", "secret_key", "a", "b", "__proto__"));
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
  binary: fc.constantFrom(...BINARY_HANDLING),
});

const blob = fc.oneof(
  text.map((it) => Buffer.from(it).toString("base64")),
  json.map((it) => Buffer.from(JSON.stringify(it)).toString("base64url")),
  text.map((it) => Buffer.from(`\ufeff${it}`, "utf16le").toString("base64")),
  text.map((it) => Buffer.from(it, "latin1").toString("base64")),
  fc.uint8Array({ maxLength: 20 }).map((it) => Buffer.from(it).toString("base64")),
  text,
  json,
);
const TYPES = ["text/plain", "application/json", "text/csv; charset=latin1", "image/png", "application/octet-stream"];
const mimeType = fc.oneof(fc.constantFrom(...TYPES, "text/plain; charset=utf-16", "application/pdf"), text, json);
const some = (members: Record<string, fc.Arbitrary<unknown>>) => fc.record(members, { requiredKeys: [] });
const content = some({ uri: text, mimeType, text: fc.oneof(text, json), blob, _meta: json, x: json });
const block = fc.oneof(
  text.map((it) => ({ type: "text", text: it })),
  some({
    type: fc.constantFrom("image", "audio", "resource", "text"),
    mimeType,
    data: blob,
    text,
    _meta: json,
    x: json,
  }),
  some({ type: fc.oneof(fc.constant("resource"), text), resource: fc.oneof(content, json), annotations: json }),
  json,
);
const few = (item: fc.Arbitrary<unknown>) => fc.oneof({ weight: 5, arbitrary: fc.array(item, { maxLength: 3 }) }, json);
const RESULTS: Readonly<Record<ResultKind, fc.Arbitrary<unknown>>> = {
  tool: some({ structuredContent: json, content: few(block), _meta: json }),
  prompt: some({
    description: text,
    messages: few(some({ role: text, content: fc.oneof(block, few(block)), x: json })),
    _meta: json,
  }),
  resource: some({ contents: fc.oneof(few(content), content), _meta: json, x: json }),
  completion: some({ completion: some({ values: few(text), total: json, x: json }), _meta: json }),
};
const KINDS: readonly ResultKind[] = ["tool", "prompt", "resource", "completion"];
const resultOf = (kind: ResultKind): fc.Arbitrary<JsonObject> => RESULTS[kind] as fc.Arbitrary<JsonObject>;

const RUNS = { numRuns: 1000 };
/** Of each kind of result. */
const KIND_RUNS = { numRuns: 300 };

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

  it.each(KINDS)(
    "changes a result of a %s once, and not in another way when the rules stand in another order",
    (kind) => {
      fc.assert(
        fc.property(resultOf(kind), fc.array(rule, { maxLength: 3 }), (value, rules) => {
          const redactions = rules.map(compileRedaction);
          const once = redactResult(kind, value, redactions, hash);
          if (!once.ok) throw new Error(once.reason);
          expect(redactResult(kind, value, redactions.toReversed(), hash)).toEqual(once);
          expect(redactResult(kind, once.result, redactions, hash)).toEqual({
            ok: true,
            result: once.result,
            found: {},
          });
        }),
        KIND_RUNS,
      );
    },
  );

  it.each(KINDS)("gives the very same value back, or another one with something found: of a %s", (kind) => {
    fc.assert(
      fc.property(resultOf(kind), rule, (value, parts) => {
        const before = JSON.stringify(value);
        const outcome = redactResult(kind, value, [compileRedaction(parts)], hash);
        expect(JSON.stringify(value)).toBe(before);
        if (outcome.ok && Object.keys(outcome.found).length > 0) expect(outcome.result).not.toBe(value);
      }),
      KIND_RUNS,
    );
  });
});
