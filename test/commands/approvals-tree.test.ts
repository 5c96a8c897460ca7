import { describe, expect, it } from "vitest";
import { SCREEN, UNLIMITED, valueTree, visible } from "../../src/commands/approvals/tree.ts";
import { painter } from "../../src/commands/terminal/output.ts";
import type { Json } from "../../src/core/json.ts";

const paint = painter(false);
const shown = (value: Json): string => valueTree(value, SCREEN, paint).lines.join("\n");

describe("arguments as a tree", () => {
  it("show objects, lists and plain values, each text in quotes", () => {
    const value = {
      amount: 12_000,
      to: { name: "Ann", tags: ["a", 1, null, { deep: true }], none: [], nothing: {} },
      "odd key": "x",
    };
    expect(shown(value)).toBe(
      [
        "amount: 12000",
        "to:",
        '  name: "Ann"',
        "  tags: list of 4",
        '    - "a"',
        "    - 1",
        "    - null",
        "    -",
        "      deep: true",
        "  none: []",
        "  nothing: {}",
        '"odd key": "x"',
      ].join("\n"),
    );
  });

  it.each([
    ["an override of direction", "in\u202evoice", '"in\\u{202e}voice"', 1],
    ["characters of no width", "a\u200bb\ufeffc\u2060", '"a\\u{200b}b\\u{feff}c\\u{2060}"', 3],
    ["fillers that count as letters", "\u3164\u115f", '"\\u{3164}\\u{115f}"', 2],
    ["characters for tagging", "x\u{e0041}", '"x\\u{e0041}"', 1],
    ["spaces that are none", "1\u00a0000\u3000", '"1\\u{a0}000\\u{3000}"', 2],
    ["an escape of the terminal", "\u001b[2Jok\u0007", '"\\u001b[2Jok\\u0007"', 2],
    ["an escape of eight bits", "\u009b2J", '"\\u{9b}2J"', 1],
    ["half a character", "a\ud800", '"a\\ud800"', 1],
    ["line breaks", "one\ntwo\u2028three", '"one\\ntwo\\u{2028}three"', 1],
    ["a text that pretends to be escaped", "\\u{202e}", '"\\\\u{202e}"', 0],
    ["other languages and pictures", "Zürich 東京 👍", '"Zürich 東京 👍"', 0],
  ])("make %s harmless and visible", (_, text, line, hidden) => {
    const tree = valueTree({ text }, SCREEN, paint);
    expect(tree.lines).toEqual([`text: ${line}`]);
    expect(tree.hidden).toBe(hidden);
  });

  it("hold nothing that a key could break out of", () => {
    expect(shown({ "a\n  approved: true": 1, "\u202e": 2 })).toBe('"a\\n  approved: true": 1\n"\\u{202e}": 2');
  });

  it("cut a megabyte, and say how much there is", () => {
    const tree = valueTree({ text: "x".repeat(1_048_576) }, SCREEN, paint);
    expect(tree.cut).toBe(1);
    expect(tree.lines[0]).toMatch(/^text: "x{300}" … cut: 1,048,576 characters in all$/);
    expect(valueTree({ text: "x".repeat(1_048_576) }, UNLIMITED, paint).cut).toBe(0);
  });

  it("count what is hidden in the part that is not shown, too", () => {
    expect(valueTree({ text: `${"x".repeat(1_000)}\u202e` }, SCREEN, paint)).toMatchObject({ hidden: 1, cut: 1 });
  });

  it("do not cut a character in two", () => {
    expect(valueTree({ text: "👍".repeat(300) }, { maxText: 3, maxLines: 9 }, paint).lines[0]).toContain('"👍"');
  });

  it("leave out lines beyond what anybody reads, and count them", () => {
    const tree = valueTree({ list: Array.from({ length: 1_000 }, (_, index) => index) }, SCREEN, paint);
    expect([tree.lines.length, tree.omitted]).toEqual([200, 801]);
  });
});

it("makes text outside of quotes harmless as well", () => {
  expect(visible("a\u001b[31m\r\nb\u202e")).toBe("a\\u{1b}[31m\\u{d}\\u{a}b\\u{202e}");
});
