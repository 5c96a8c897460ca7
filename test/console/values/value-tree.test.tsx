import { describe, expect, it } from "vitest";
import { PAGE_LIMITS, readValue } from "../../../src/console/values/read-value.ts";
import { ValueFlags } from "../../../src/console/values/value-flags.tsx";
import { ValueTree } from "../../../src/console/values/value-tree.tsx";
import type { Json } from "../../../src/core/json.ts";
import type { ArgumentPath } from "../../../src/policy/syntax/argument-paths.ts";

const LIMITS = { ...PAGE_LIMITS, head: 10, tail: 4, members: 4 };

function html(value: Json, looksAt: readonly ArgumentPath[] = [], limits = LIMITS): string {
  return String(<ValueTree value={readValue(value, looksAt, limits).value} />);
}

/** What stands there, without the elements. Entities stay. */
function text(value: Json, looksAt: readonly ArgumentPath[] = []): string {
  return html(value, looksAt)
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}

function flags(value: Json, limits = LIMITS): string {
  const rendered = String(<ValueFlags read={readValue(value, [], limits)} file="/file" />);
  return rendered
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}

describe("a value as a tree", () => {
  it.each<[what: string, value: Json, expected: string]>([
    ["numbers and texts that look like them", { a: 12, b: "12" }, "a 12 b &quot; 12 &quot; text"],
    ["numbers as they are written", { a: 0.1, b: 1e21, c: -5 }, "a 0.1 b 1e+21 c -5"],
    [
      "words and texts that look like them",
      { a: true, b: "true", c: null, d: "null" },
      "a true b &quot; true &quot; text c null d &quot; null &quot; text",
    ],
    ["an empty text", { a: "" }, "a &quot; &quot;"],
    ["nothing at all", {}, "none"],
    ["empty members", { a: {}, b: [] }, "a empty object b empty list"],
    ["nesting", { a: [{ b: 1 }] }, "a list of 1 1 1 member b 1"],
    ["a name that could be two", { "a: 1": 2 }, "&quot; a: 1 &quot; 2"],
    ["many members", [1, 2, 3, 4, 5, 6], "1 1 2 2 3 3 4 4 2 more 5 5 6 6"],
    [
      "a long text, its end in sight",
      ["0123456789abcdefghij"],
      "1 &quot; 0123456789 &quot; … &quot; ghij &quot; 20 characters &quot; 0123456789abcdefghij &quot;",
    ],
    ["a control character and a direction", ["a\u001b\u202e"], "1 &quot; a \u241b U+202E &quot;"],
  ])("shows %s", (_, value, expected) => {
    expect(text(value)).toBe(expected);
  });

  it("lets no markup through, in values and in names", () => {
    const written = html({ "<img src=x onerror=alert(1)>": "</span><script>alert(1)</script>" });
    expect(written).not.toMatch(/<script|<img/);
    expect(written).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  });

  it("marks what policies looked at, and nothing else", () => {
    const value = {
      amount: 5,
      note: "x",
      items: [
        { price: 1, name: "y" },
        { price: 2, name: "z" },
      ],
    };
    const marked = text(value, [["amount"], ["items", null, "price"]]);
    expect(marked).toBe(
      "amount policy 5 note &quot; x &quot; items list of 2 1 2 members price policy 1 name &quot; y &quot; 2 2 members price policy 2 name &quot; z &quot;",
    );
  });

  it("names what policies looked for and did not find", () => {
    const looksAt: readonly ArgumentPath[] = [
      ["a"],
      ["b", "c"],
      ["l", 2],
      ["l", null, "x"],
      ["e", null, "x"],
      ["odd key"],
    ];
    expect(readValue({ a: 1, b: {}, l: [{}], e: [] }, looksAt).absent).toEqual([
      "b.c",
      "l[2]",
      "l[each].x",
      '["odd key"]',
    ]);
  });

  it("does not take an inherited name for an argument", () => {
    expect(readValue({ a: 1 }, [["toString"], ["constructor"]]).absent).toEqual(["toString", "constructor"]);
  });
});

describe("what is told before a value is read", () => {
  it.each<[what: string, value: Json, expected: string]>([
    ["nothing of a plain one", { a: "b", c: [1] }, ""],
    [
      "characters that stand out, by kind, in names too",
      { "a\u200b": "\u202e\u202e p\u0430y" },
      "2 characters turn the text around them: U+202E 1 character shows nothing: U+200B 1 letter or sign looks like another one: U+0430",
    ],
  ])("%s", (_, value, expected) => {
    expect(flags(value)).toBe(expected);
  });

  it("what is not on the page, and where it is", () => {
    const limits = { ...LIMITS, maxCharacters: 30, maxMembers: 4 };
    const said = flags({ a: "x".repeat(100), b: [1, 2, 3, 4] }, limits);
    expect(said).toBe("70 characters and 2 members are not on this page. Read all of it in a file");
    expect(String(<ValueFlags read={readValue("x".repeat(100), [], limits)} file="/file" />)).toContain('href="/file"');
  });

  it("keeps a page small, whatever it is to show", () => {
    const hostile: Json = {
      megabyte: "x\u200b".repeat(500_000),
      members: Array.from({ length: 100_000 }, (_, index) => index),
      names: Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`n${index}\u202e`, "p\u0430y"])),
    };
    const read = readValue(hostile, []);
    expect(String(<ValueTree value={read.value} />).length).toBeLessThan(1_500_000);
    expect(read.left).toBeGreaterThan(90_000);
    expect(read.cut).toBeGreaterThan(500_000);
  });

  it("keeps everything else in sight beside a text that is too long for the page", () => {
    const read = readValue({ text: "x\u200b".repeat(500_000), amount: "1,000,000", payee: "Mallory" }, []);
    const shown = String(<ValueTree value={read.value} />);
    expect(shown).toContain("1,000,000");
    expect(shown).toContain("Mallory");
    expect(shown).toContain("more characters, not on this page");
  });

  it("keeps what stands beside and above large lists in sight", () => {
    const lists = Array.from({ length: 200 }, () => Array.from({ length: 200 }, () => "x".repeat(500)));
    const shown = String(<ValueTree value={readValue({ a: lists, b: lists, payee: "Mallory" }, []).value} />);
    expect(shown).toContain("Mallory");
  });

  it("cuts no pair in half", () => {
    const read = readValue("😀".repeat(50), [], { ...LIMITS, head: 11, tail: 5, maxCharacters: 33 });
    expect(read.marks.size).toBe(0);
  });
});
