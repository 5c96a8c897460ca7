import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../src/core/digest.ts";
import { ExactReading, parseExact } from "../../src/core/exact-json.ts";
import { canonicalJson, type Json, keptJson } from "../../src/core/json.ts";
import { canonicalJsonInSlices, keptJsonInSlices, parseExactInSlices } from "../../src/core/json-in-slices.ts";
import { parseJson, parseJsonInSlices } from "../../src/core/parse-json.ts";
import { Slices } from "../../src/core/slices.ts";
import { jsonText } from "../support/json-texts.ts";
import { countedSlices } from "../support/slices.ts";

const limits = { maxDepth: 64, maxCount: 100_000 };

describe("parseJson", () => {
  it.each([
    { name: "malformed text", text: '{"a":', code: "JSON_MALFORMED", path: "$" },
    { name: "an empty text", text: "", code: "JSON_MALFORMED", path: "$" },
    {
      name: "an integer beyond 2^53",
      text: '{"a":{"b":[1,9007199254740993]}}',
      code: "JSON_UNSAFE_NUMBER",
      path: "$.a.b[1]",
    },
    { name: "a negative one", text: '{"n":-9007199254740993}', code: "JSON_UNSAFE_NUMBER", path: "$.n" },
    { name: "a number that overflows", text: '{"n":1e400}', code: "JSON_UNSAFE_NUMBER", path: "$.n" },
    { name: "one that overflows below", text: "[-1e400]", code: "JSON_UNSAFE_NUMBER", path: "$[0]" },
    {
      name: "a __proto__ key",
      text: '{"a":[{"__proto__":{"x":1}}]}',
      code: "JSON_FORBIDDEN_KEY",
      path: "$.a[0].__proto__",
    },
    {
      name: "65 levels",
      text: `${"[".repeat(65)}${"]".repeat(65)}`,
      code: "JSON_TOO_DEEP",
      path: `$${"[0]".repeat(64)}`,
    },
  ])("refuses $name and says where", ({ text, code, path }) => {
    expect(parseJson(text, limits)).toEqual({ ok: false, problem: { code, path } });
  });

  it("shows no odd key in the path, since keys are the caller's text", () => {
    const parsed = parseJson('{"ke\\u202ey with spaces":1e400}', limits);
    expect(parsed).toEqual({ ok: false, problem: { code: "JSON_UNSAFE_NUMBER", path: "$[?]" } });
  });

  it("accepts 64 levels, the largest safe integers and small fractions", () => {
    expect(parseJson(`${"[".repeat(64)}${"]".repeat(64)}`, limits).ok).toBe(true);
    expect(parseJson("[9007199254740991,-9007199254740991,1e-300]", limits).ok).toBe(true);
  });

  it("lets the last of several equal keys count", () => {
    expect(parseJson('{"a":1,"a":2}', limits)).toEqual({ ok: true, value: { a: 2 } });
  });

  it("keeps keys that other objects have on their prototype", () => {
    const parsed = parseJson('{"constructor":1,"toString":2}', limits);
    expect(parsed.ok && Object.entries(parsed.value as object)).toEqual([
      ["constructor", 1],
      ["toString", 2],
    ]);
  });

  it("refuses more values and names than the limit, and makes nothing of them", () => {
    const text = `[${"1,".repeat(100)}"${"x".repeat(100)}"]`;
    expect(parseJson(text, { maxDepth: 64, maxCount: 102 }).ok).toBe(true);
    expect(parseJson(text, { maxDepth: 64, maxCount: 101 })).toEqual({
      ok: false,
      problem: { code: "JSON_TOO_MANY", path: "$", at: 200 },
    });
  });

  it.each([
    ["a long one", `[${"1,".repeat(100)}2]`],
    ["a short one", "[1]"],
    ["one with more values than may be", `[${"1,".repeat(200)}2]`],
    ["one that is cut off", `{"a":"${"x".repeat(300)}"`],
    ["one that names the prototype", `{"a":"${"x".repeat(300)}","__proto__":1}`],
    ["one nested too deeply", `${"[".repeat(65)}"${"x".repeat(300)}"${"]".repeat(65)}`],
  ])("reads %s in slices as at once, and lets others have their turn between them", async (_, text) => {
    const narrow = { maxDepth: 64, maxCount: 250 };
    const counted = countedSlices();
    const read = await parseJsonInSlices({ text, bytes: Buffer.from(text) }, narrow, counted.slices());
    expect(read).toEqual(parseJson(text, narrow));
    expect(counted.turns).toBe(text.length > 250 && read.ok ? 2 : counted.turns);
  });

  it("survives a million opening brackets", () => {
    expect(parseJson("[".repeat(1_000_000), limits).ok).toBe(false);
  });
});

describe("JSON that is written in slices", () => {
  it("is what it is at once, with all digits where they are to be kept", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const json = parseExact(JSON.stringify({ digits: "1", value }).replace('"1"', "[1.0, 1e400, -0, 10.50]"));
        expect(await canonicalJsonInSlices(json, new Slices())).toBe(canonicalJson(json));
        expect(await keptJsonInSlices(json, new Slices())).toEqual(keptJson(json));
      }),
    );
  });

  it.each<[string, Json]>([
    ["members", Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`k${n}`, n]))],
    ["items", Array.from({ length: 10_000 }, (_, n) => n)],
    ["lists in lists", Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => "x"))],
    ["few long texts", Array.from({ length: 20 }, () => "x".repeat(40_000))],
  ])("lets others have their turn between its %s", async (_, value) => {
    const counted = countedSlices();
    expect(await canonicalJsonInSlices(value, counted.slices())).toBe(canonicalJson(value));
    expect(counted.turns).toBeGreaterThanOrEqual(19);
  });
});

describe("JSON that is read in slices", () => {
  const pad = "x".repeat(40_000);

  it("is what it is at once, with its digits", async () => {
    await fc.assert(
      fc.asyncProperty(jsonText, async (text) => {
        const whole = `[${text},"${pad}",${text}]`;
        expect(await parseExactInSlices(whole, new Slices())).toEqual(parseExact(whole));
      }),
      { numRuns: 50 },
    );
  });

  it("is what it is at once wherever it is cut", () => {
    fc.assert(
      fc.property(jsonText, fc.integer({ min: 1, max: 20 }), (text, chars) => {
        const reading = new ExactReading(text);
        while (!reading.read(chars));
        expect(reading.value).toEqual(parseExact(text));
      }),
    );
  });

  it.each<[string, Json]>([
    ["members", Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`k${n}`, n]))],
    ["items", Array.from({ length: 120_000 }, (_, n) => n)],
    ["texts", Array.from({ length: 20 }, () => "x".repeat(40_000))],
  ])("lets others have their turn between its %s", async (_, value) => {
    const counted = countedSlices();
    expect(await parseExactInSlices(canonicalJson(value), counted.slices())).toEqual(value);
    expect(counted.turns).toBeGreaterThanOrEqual(19);
  });

  it.each([`["${pad}`, `["${pad}"`, `["${pad}",1.]`, `["${pad}",-]`, `["${pad}" nul]`, `["${pad}",01]`, `["${pad}\\`])(
    "is refused, or read as something else, where it is no JSON (%#)",
    async (text) => {
      const read = await parseExactInSlices(text, new Slices()).catch((err: unknown) => err);
      expect(read instanceof SyntaxError || keptJson(read as Json).kept !== text).toBe(true);
    },
  );
});

describe("canonicalJson", () => {
  it("does not depend on the order of keys", () => {
    expect(canonicalJson({ b: 1, a: { d: [1, { f: null, e: "x" }], c: true } })).toBe(
      '{"a":{"c":true,"d":[1,{"e":"x","f":null}]},"b":1}',
    );
  });

  it("is JSON that parses back to the same value, with the same digest", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value as Json);
        const again = JSON.parse(text) as Json;
        expect(again).toEqual(JSON.parse(JSON.stringify(value)));
        expect(digestOf(again)).toBe(digestOf(value as Json));
      }),
    );
  });

  it("tells different values apart", () => {
    const values: Json[] = [1, "1", [1], { a: 1 }, { a: "1" }, { a: null }, {}, [], null, "é", "e\u0301"];
    expect(new Set(values.map(digestOf)).size).toBe(values.length);
  });
});
