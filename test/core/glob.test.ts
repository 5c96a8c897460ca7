import { describe, expect, it } from "vitest";
import { compileGlob, compileGlobs } from "../../src/core/glob.ts";

describe("compileGlob", () => {
  it.each([
    ["expenses/create_*", "expenses/create_expense", true],
    ["expenses/create_*", "expenses/list", false],
    ["crm/*", "crm/a/b", true],
    ["*", "", true],
    ["*@acme.com", "ann@acme.com", true],
    ["*@acme.com", "ann@acme.com.evil.org", false],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["a.c", "abc", false],
    ["A*", "abc", false],
    ["*a*b*", "xxaxxbxx", true],
    ["", "", true],
    ["", "x", false],
    ["**", "anything/at all", true],
    ["[a-z]", "b", false],
  ])("%j against %j is %s", (pattern, text, expected) => {
    expect(compileGlob(pattern)(text)).toBe(expected);
  });

  it("stays linear where a backtracking matcher would not end", () => {
    expect(compileGlob(`${"*a".repeat(30)}*b`)("a".repeat(5_000))).toBe(false);
  });

  it("of no patterns none matches", () => {
    expect(compileGlobs([])("x")).toBe(false);
  });
});
