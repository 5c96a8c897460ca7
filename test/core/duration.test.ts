import { describe, expect, it } from "vitest";
import { durationText } from "../../src/core/duration.ts";

describe("a span of time for people", () => {
  it.each([
    [0, "1 s"],
    [1, "1 s"],
    [1_000, "1 s"],
    [41_001, "42 s"],
    [60_000, "1 min"],
    [59_500, "1 min"],
    [90_000, "1 min 30 s"],
    [119_999, "2 min"],
    [3_600_000, "1 h"],
    [3_599_999 * 2, "2 h"],
    [5_400_001, "1 h 31 min"],
    [86_400_000, "1 d"],
    [90_000_000, "1 d 1 h"],
  ])("%i ms is %s", (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});
