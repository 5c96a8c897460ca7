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
        const closed = depth === 0 ? { kind: "open" } : { kind: "closed", at: Buffer.byteLength(text) - 1, count };
        expect(scan(text)).toEqual(closed);
        // `open`: a lone value has no bracket, comma or colon to be counted at.
        expect(scan(text, { maxDepth: depth, maxCount: count })).toEqual(closed);
        if (depth > 0) {
          expect(scan(text, { maxDepth: depth - 1, maxCount: count }).kind).toBe("JSON_TOO_DEEP");
          expect(scan(text, { maxDepth: depth, maxCount: 1 }).kind).toBe("JSON_TOO_MANY");
        }
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    { what: "a second object behind the first", text: '{"a":1}{"b":2}', at: 6, count: 3 },
    { what: "members behind the end", text: '{"a":[]},"id":3,"x":{}', at: 7, count: 4 },
    { what: "a bracket too many", text: "[[]]]", at: 3, count: 3 },
  ])("tells where the first object ends, before $what", ({ text, at, count }) => {
    expect(scan(text)).toEqual({ kind: "closed", at, count });
  });

  it.each([
    "",
    "1",
    '"{}',
    '{"a',
    '{"a":"\\"}',
    '{"a":"\\\\\\"}',
    "[[[",
    `"${"x".repeat(200)}\\"{}`,
    `["${'\\"'.repeat(300)}]`,
  ])("finds no end in a text that has none (%#)", (text) => {
    expect(scan(text)).toEqual({ kind: "open" });
  });

  it("stops at once where it is beyond a limit, however long the text goes on", () => {
    const endless = Buffer.alloc(50_000_000, "[");
    expect(scanJson(endless, LIMITS)).toEqual({ kind: "JSON_TOO_DEEP", at: 64 });
    expect(scan(`[${"{},".repeat(10)}1]`, { maxDepth: 64, maxCount: 5 })).toEqual({ kind: "JSON_TOO_MANY", at: 6 });
  });
});
