import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanJson } from "../../src/core/scan-json.ts";

const LIMITS = { maxDepth: 64, maxCount: 1_000_000 };
const scan = (text: string, limits = LIMITS) => scanJson(Buffer.from(text), limits);

/** Objects and arrays around the deepest value. */
function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** Values and names of members; an empty object or array counts as if something stood in it. */
function countOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  const inside = Object.values(value);
  const names = Array.isArray(value) ? 0 : inside.length;
  return 1 + Math.max(1, names + inside.reduce<number>((sum, item) => sum + countOf(item), 0));
}

// Texts in which quotes, brackets and backslashes stand everywhere, in strings shorter and longer than what is read byte
// by byte.
const nasty = fc
  .array(fc.constantFrom('"', "\\", "{", "}", "[", "]", ",", ":", "x", "ä", "\u{1f600}", "x".repeat(70)), {
    maxLength: 90,
  })
  .map((parts) => parts.join(""));
const tree = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 8 },
    nasty,
    fc.double(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(nasty, tie("value"), { maxKeys: 5 }),
  ),
})).value;

describe("a look at the structure of JSON", () => {
  it("finds the depth and the count that the parsed value has, whatever its strings hold", () => {
    fc.assert(
      fc.property(tree, (value) => {
        const text = JSON.stringify(value);
        const parsed: unknown = JSON.parse(text);
        const depth = depthOf(parsed);
        const count = countOf(parsed);
        const found = { kind: "json", count: depth === 0 ? 1 : count };
        expect(scan(text)).toMatchObject(found);
        expect(scan(text, { maxDepth: depth, maxCount: count })).toMatchObject(found);
        if (depth > 0) {
          expect(scan(text, { maxDepth: depth - 1, maxCount: count }).kind).toBe("JSON_TOO_DEEP");
          expect(scan(text, { maxDepth: depth, maxCount: 1 }).kind).toBe("JSON_TOO_MANY");
        }
      }),
      { numRuns: 400 },
    );
  });

  it("takes for JSON what the parser does, and nothing else", () => {
    const parts = [
      ...'{}[],: \n\t"\\-+.0123eEtfn',
      '"a"',
      '{"a":',
      "true",
      "false",
      "null",
      "1.5e3",
      "-0",
      "01",
      "1.",
      ".5",
    ];
    parts.push(
      "\\u12aF",
      "\\u12",
      "\\x",
      "\u0001",
      "ä",
      "\u2028",
      "\ufeff",
      "NaN",
      `"${"x".repeat(300)}`,
      "x".repeat(67),
      '"]}',
    );
    const spoilt = fc.tuple(tree, fc.nat(), fc.nat(3), fc.constantFrom(...parts)).map(([value, where, cut, part]) => {
      const text = JSON.stringify(value);
      const at = where % (text.length + 1);
      return text.slice(0, at) + part + text.slice(at + cut);
    });
    const random = fc.array(fc.constantFrom(...parts), { maxLength: 14 }).map((all) => all.join(""));
    fc.assert(
      fc.property(fc.oneof(random, spoilt), (text) => {
        // As bytes, lone surrogates are another character.
        const written = Buffer.from(text).toString();
        const isJson = scan(written).kind === "json";
        try {
          JSON.parse(written);
        } catch {
          return !isJson;
        }
        return isJson;
      }),
      { numRuns: 20_000 },
    );
  });

  it("finds what is no JSON in the midst of long strings, wherever the text begins in memory", () => {
    for (let offset = 0; offset < 4; offset++) {
      for (let length = 60; length < 72; length++) {
        for (const [inside, good] of [
          ["\\n", true],
          ['\\"', true],
          ["\u0001", false],
          ["\\q", false],
          ['"', false],
        ] as const) {
          const text = `${" ".repeat(offset)}["${"x".repeat(length)}${inside}${"y".repeat(300)}"]`;
          expect(scanJson(Buffer.from(text).subarray(offset), LIMITS).kind, text).toBe(
            good ? "json" : "JSON_MALFORMED",
          );
        }
      }
    }
  });

  it("stops at once where it is beyond a limit, however long the text goes on", () => {
    const endless = Buffer.alloc(50_000_000, "[");
    expect(scanJson(endless, LIMITS)).toEqual({ kind: "JSON_TOO_DEEP", at: 64 });
    expect(scan(`[${"{},".repeat(10)}1]`, { maxDepth: 64, maxCount: 5 })).toEqual({ kind: "JSON_TOO_MANY", at: 6 });
  });
});
