import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ByteMemory } from "../../src/core/byte-memory.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const KEPT_MS = 60_000;
const memory = () => new ByteMemory<string>({ maxBytes: 100, keepMs: KEPT_MS });

it("keeps no more bytes than it may, and loses first what was used longest ago", () => {
  const held = memory();
  for (const name of ["a", "b", "c"]) held.set(name, name, 33);
  expect(held.get("a")).toBe("a");
  held.set("d", "d", 20);
  expect(["a", "b", "c", "d"].map((name) => held.get(name))).toEqual(["a", undefined, "c", "d"]);
  // What stands in the place of another takes its place only.
  held.set("a", "other", 40);
  expect(["a", "c", "d"].map((name) => held.get(name))).toEqual(["other", "c", "d"]);
});

it("keeps nothing that would leave no room for others", () => {
  const held = memory();
  held.set("a", "a", 50);
  held.set("b", "b", 51);
  expect([held.get("a"), held.get("b")]).toEqual(["a", undefined]);
});

it("forgets what nobody uses", () => {
  const held = memory();
  held.set("a", "a", 1);
  held.set("b", "b", 1);
  vi.advanceTimersByTime(KEPT_MS - 1);
  held.get("a");
  vi.advanceTimersByTime(1);
  expect([held.get("a"), held.get("b")]).toEqual(["a", undefined]);
  vi.advanceTimersByTime(KEPT_MS);
  expect(held.get("a")).toBeUndefined();
});
