import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { createPatterns } from "../../src/policy/patterns/patterns.ts";
import { readArgumentType } from "../../src/policy/tool-schemas/argument-types.ts";
import {
  hasShape,
  lengthOf,
  mayHavePart,
  type PartPlace,
  shapeOfGlob,
  shapeOfPattern,
} from "../../src/policy/tool-schemas/text-shape.ts";

const patterns = createPatterns();
const matches = (pattern: string, text: string) =>
  patterns.add(pattern).ok ? patterns.test(text, pattern) : undefined;

describe("the shape of a pattern", () => {
  it.each<[pattern: string, low: number, high: number, fits: readonly string[], not: readonly string[]]>([
    ["^[A-Z]{2}\\d+$", 3, Number.POSITIVE_INFINITY, ["DE1", "GB22"], ["de1", "DE", "DE1x", ""]],
    ["^a", 1, Number.POSITIVE_INFINITY, ["a", "ab"], ["ba", ""]],
    ["b$", 1, Number.POSITIVE_INFINITY, ["b", "ab"], ["ba", ""]],
    ["a", 1, Number.POSITIVE_INFINITY, ["xax"], ["b", ""]],
    ["^a?b{1,2}$", 1, 3, ["b", "abb"], ["a", "bbb"]],
    ["^\\??a??$", 0, 2, ["", "?", "?a", "a"], ["??", "b"]],
    ["^a{2,}$", 2, Number.POSITIVE_INFINITY, ["aa", "aaaa"], ["a"]],
    ["^a\\$", 2, Number.POSITIVE_INFINITY, ["a$", "a$b"], ["a"]],
    ["^a\\\\$", 2, 2, ["a\\"], ["a", "a$"]],
    ["^[^\\]\\-]$", 1, 1, ["a", "😀"], ["]", "-", ""]],
    ["", 0, Number.POSITIVE_INFINITY, ["", "a"], []],
  ])("%s", (pattern, low, high, fits, not) => {
    const shape = shapeOfPattern(pattern, matches) ?? [];
    expect(lengthOf(shape)).toMatchObject({ low, high });
    for (const text of fits) expect([text, hasShape(text, shape), matches(pattern, text)]).toEqual([text, true, true]);
    for (const text of not) expect([text, hasShape(text, shape), matches(pattern, text)]).toEqual([text, false, false]);
  });

  it.each(["^(a|b)$", "^a|b$", "^\\s$", "\\bx", "(?i)a", "a{1000}", "^[[:alpha:]]$", "[", "^\\p{L}$", "a^b", "a$b"])(
    "is not known of %s",
    (pattern) => {
      expect(shapeOfPattern(pattern, matches)).toBeUndefined();
    },
  );
});

describe("a part of a text of a shape", () => {
  it.each<[glob: string, part: string, where: PartPlace, may: boolean]>([
    ["partner-*", "part", "start", true],
    ["partner-*", "partner-fin", "start", true],
    ["partner-*", "fin", "start", false],
    ["partner-*", "fin", "end", true],
    ["partner", "fin", "end", false],
    ["partner", "ner", "end", true],
    ["partner", "art", "anywhere", true],
    ["partner", "x", "anywhere", false],
    ["p?r", "por", "anywhere", true],
    ["p?r", "port", "anywhere", false],
    ["", "", "start", true],
  ])("%s: %j at the %s is possible: %s", (glob, part, where, may) => {
    expect(mayHavePart(shapeOfGlob(glob) ?? [], part, where)).toBe(may);
  });
});

describe("a schema that says odd things of lengths", () => {
  it.each<[schema: JsonObject]>([
    [{ minLength: "x", maxLength: 2 }],
    [{ minLength: -5, maxLength: 2 }],
    [{ minLength: 0.5, maxLength: 2.5 }],
    [{ maxLength: -1 }],
    [{ minLength: 1e300 }],
    [{ maxLength: 1e300 }],
    [{ pattern: 7, maxLength: 2 }],
  ])("is read all the same: %j", (schema) => {
    const inputSchema: Json = { type: "object", properties: { a: { type: "string", ...schema } } };
    expect(readArgumentType(inputSchema, matches)?.member("a").type?.kinds).toEqual(new Set(["string"]));
  });
});
