import { describe, expect, it } from "vitest";
import { sourceExcerpt } from "../../src/policy/file/source-excerpt.ts";

const at = (line: number, column: number) => ({ file: "a.yaml", line, column, message: "", hint: undefined });
const TEXT = Array.from({ length: 12 }, (_, index) => `line ${index + 1}`).map((line) => `${line}\r`);

describe("an excerpt of a policy file", () => {
  it.each([
    ["in the middle", at(5, 3), ["3 | line 3", "4 | line 4", "5 | line 5", "  |   ^", "6 | line 6", "7 | line 7"]],
    ["at the start", at(1, 1), ["1 | line 1", "  | ^", "2 | line 2", "3 | line 3"]],
    ["at the end", at(12, 5), ["10 | line 10", "11 | line 11", "12 | line 12", "   |     ^"]],
  ])("shows the lines around a mistake %s", (_, error, expected) => {
    expect(sourceExcerpt(error, TEXT).split("\n")).toEqual(expected);
  });

  it("keeps tabs before the place, so that the caret stands below it", () => {
    expect(sourceExcerpt(at(1, 4), ["a\tb!"])).toBe("1 | a\tb!\n  |  \t ^");
  });

  it("shows a long line around the place", () => {
    const [line = "", caret = ""] = sourceExcerpt(at(1, 501), [`${"x".repeat(500)}!${"y".repeat(500)}`]).split("\n");
    expect(line).toHaveLength("1 | ".length + 160);
    expect(line[caret.indexOf("^")]).toBe("!");
  });

  it("shows nothing of a file that could not be read", () => {
    expect(sourceExcerpt(at(1, 1), undefined)).toBe("");
  });

  it("shows marks that turn or hide text", () => {
    expect(sourceExcerpt(at(1, 1), ["deny\u202e: {}\u200b\u0000\r"])).toMatch(/^1 \| deny\ufffd: {}\ufffd\ufffd\n/);
  });
});
