import { describe, expect, it } from "vitest";
import { wholeNumber } from "../../src/commands/terminal/whole-number.ts";

describe("the whole number of an option", () => {
  it.each([
    ["1", 1],
    ["100", 100],
    ["007", 7],
  ])("%s is read", (text, value) => {
    expect(wholeNumber(1, 100)(text)).toBe(value);
  });

  it.each(["0", "101", "-1", "1.5", "1e1", " 1", "", "many", "9".repeat(17)])("%j is refused", (text) => {
    expect(() => wholeNumber(1, 100)(text)).toThrow("Write a whole number from 1 to 100.");
  });
});
