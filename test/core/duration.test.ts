import { describe, expect, it } from "vitest";
import {
  durationText,
  latencyText,
  lengthText,
  minutesText,
  retrySeconds,
  shortDuration,
  timeLeftText,
  waitText,
} from "../../src/core/duration.ts";

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

it.each([
  [1, "1 s"],
  [1_000, "1 s"],
  [41_001, "42 s"],
  [59_001, "1 min"],
  [60_001, "2 min"],
  [3_540_001, "1 h"],
  [86_400_000, "24 h"],
])("a wait of %i ms is told as %s", (ms, text) => {
  expect(waitText(ms)).toBe(text);
});

it.each([
  [-5, 1],
  [0, 1],
  [1_000, 1],
  [1_001, 2],
])("who has to wait %i ms may come again after %i seconds", (ms, seconds) => {
  expect(retrySeconds(ms)).toBe(seconds);
});

describe("a span of time is shown otherwise", () => {
  it.each([
    [59_999, { short: "59 s", left: "60 s", minutes: "less than a minute", length: "60.0 s", latency: "60 s" }],
    [90_000, { short: "1 min", left: "2 min", minutes: "2 min", length: "2 min", latency: "90 s" }],
    [3_600_000, { short: "1 h", left: "1 h 0 min", minutes: "60 min", length: "1.0 h", latency: "3600 s" }],
    [172_800_000, { short: "2 d", left: "48 h 0 min", minutes: "2880 min", length: "2.0 d", latency: "172800 s" }],
    [3.44, { short: "0 s", left: "1 s", minutes: "less than a minute", length: "3.4 ms", latency: "3.4 ms" }],
    [1_234, { short: "1 s", left: "2 s", minutes: "less than a minute", length: "1.2 s", latency: "1.2 s" }],
  ])("at a glance, as what is left, and as what was measured: %d ms", (ms, texts) => {
    expect({
      short: shortDuration(ms),
      left: timeLeftText(ms),
      minutes: minutesText(ms),
      length: lengthText(ms),
      latency: latencyText(ms),
    }).toEqual(texts);
  });
});
