import { expect, it } from "vitest";
import { caretLines } from "../../src/core/caret-lines.ts";

const TEN = Array.from({ length: 10 }, (_, index) => `line ${index + 1}`);
const lineAt = (number: number): string | undefined => TEN[number - 1];
const long = `${"a".repeat(100)}b${"c".repeat(100)}`;

it.each([
  ["the line of a place", { line: 3, column: 6 }, lineAt, {}, ["3 | line 3", "  |      ^"]],
  [
    "the lines around it, numbered alike",
    { line: 9, column: 1 },
    lineAt,
    { around: 1 },
    [" 8 | line 8", " 9 | line 9", "   | ^", "10 | line 10"],
  ],
  [
    "no lines that there are not",
    { line: 1, column: 1 },
    (n: number) => (n === 1 ? "x" : undefined),
    { around: 2 },
    ["1 | x", "  | ^"],
  ],
  ["nothing of a place in no line", { line: 11, column: 1 }, lineAt, {}, []],
  ["tabs below tabs", { line: 1, column: 3 }, () => "\ta: b", {}, ["1 | \ta: b", "  | \t ^"]],
  ["a long line around its place", { line: 1, column: 101 }, () => long, { maxWidth: 4 }, ["1 | aabc", "  |   ^"]],
  [
    "a long line whole",
    { line: 1, column: 101 },
    () => long,
    { maxWidth: Infinity },
    [`1 | ${long}`, `  | ${" ".repeat(100)}^`],
  ],
])("shows %s", (_what, place, lines, view, shown) => {
  expect(caretLines(place, lines, view)).toEqual(shown);
});
