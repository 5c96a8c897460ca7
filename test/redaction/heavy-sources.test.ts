import { expect, it } from "vitest";
import { HeavySources } from "../../src/redaction/heavy-sources.ts";

it("knows whose results took much time of late, and forgets it", () => {
  let now = 0;
  const heavy = new HeavySources(() => now);
  for (let times = 0; times < 4; times++) heavy.add("mail", 100);
  heavy.add("files", 3_000);
  expect([heavy.has("mail"), heavy.has("files"), heavy.has("other")]).toEqual([false, true, false]);
  heavy.add("mail", 100);
  expect(heavy.has("mail")).toBe(true);
  now = 20_000;
  expect([heavy.has("mail"), heavy.has("files")]).toEqual([false, true]);
  now = 60_000;
  expect(heavy.has("files")).toBe(false);
});

it("remembers the newest thousand", () => {
  const heavy = new HeavySources(() => 0);
  for (let index = 0; index < 1_001; index++) heavy.add(`s${index}`, 1_000);
  expect([heavy.has("s0"), heavy.has("s1"), heavy.has("s1000")]).toEqual([false, true, true]);
});
