import { describe, expect, it } from "vitest";
import { nextAttempt } from "../../../src/approvals/notify/retry.ts";

const DAY = 86_400_000;
const HOUR = 3_600_000;

describe("the next attempt", () => {
  it.each([
    [1, 5_000],
    [2, 10_000],
    [3, 20_000],
    [8, 640_000],
    [9, 900_000],
    [500, 900_000],
  ])("after attempt %i comes within %i ms, and not before half of that", (attempts, ms) => {
    const next = (random: number) => nextAttempt({ attempts, createdAt: 0 }, 1_000, 0, () => random);
    expect([next(0), next(1)]).toEqual([1_000 + ms / 2, 1_000 + ms]);
  });

  it.each([
    ["later, if the receiver asked for that", 60_000, 61_000],
    ["no sooner, if the receiver asked for less", 1_000, 6_000],
  ])("comes %s", (_what, asked, expected) => {
    expect(nextAttempt({ attempts: 1, createdAt: 0 }, 1_000, asked, () => 1)).toBe(expected);
  });

  it.each([
    ["is given up after a day", 100, DAY, false],
    ["is not given up a moment before", 100, DAY - 1, true],
    ["is not given up after an hour of attempts", 12, HOUR, true],
    ["is not given up if it grew old while nothing ran", 1, 7 * DAY, true],
    ["is given up even so when it was tried often", 8, 7 * DAY, false],
  ])("%s", (_what, attempts, age, expected) => {
    expect(nextAttempt({ attempts, createdAt: 0 }, age, 0, () => 0) !== undefined).toBe(expected);
  });
});
