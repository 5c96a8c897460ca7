import { describe, expect, it } from "vitest";
import { parseSize } from "../../src/config/schema/units.ts";
import { parseDuration } from "../../src/core/duration.ts";
import { suggest } from "../../src/core/suggest.ts";

describe("a duration", () => {
  it.each([
    ["250ms", 250],
    ["60s", 60_000],
    ["1.5m", 90_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
    ["0s", 0],
    ["60", undefined],
    ["60 s", undefined],
    ["-1s", undefined],
    ["1h30m", undefined],
    ["5M", undefined],
    ["", undefined],
  ])("%s is %s ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
});

describe("a size", () => {
  it.each([
    ["512B", 512],
    ["512KB", 524_288],
    ["4MB", 4_194_304],
    ["0.5GB", 536_870_912],
    ["4", undefined],
    ["4mb", undefined],
    ["4MiB", undefined],
  ])("%s is %s bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });
});

describe("a suggestion", () => {
  const keys = ["host", "port", "public_url", "allowed_origins", "log"];

  it.each([
    ["prot", "port"],
    ["hots", "host"],
    ["publicUrl", "public_url"],
    ["allowed-origin", "allowed_origins"],
    ["Log", "log"],
    ["timeout", undefined],
    ["x", undefined],
    ["", undefined],
  ])("for %s is %s", (word, expected) => {
    expect(suggest(word, keys)).toBe(expected);
  });
});
