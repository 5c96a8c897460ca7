import { describe, expect, it } from "vitest";
import { createPatterns } from "../../src/policy/patterns/patterns.ts";

const LIMITS = { maxCharacters: 256, maxPatterns: 1_000, maxProgram: 20_000, maxMachine: 0 };

describe("patterns of somebody else's", () => {
  it.each([
    ["^[a-z0-9]{1,63}$", true],
    ["^x-[A-Za-z0-9_-]{1,255}$", true],
    ["^(?:\\d{1,3}\\.){3}\\d{1,3}$", true],
    ["^((a|b){1,100}){1,3}0$", true],
    ["^((a|b){1,300}){1,3}0$", false],
    ["^((a|b){1,300}){1,30}0$", false],
    ["^((((a{1,30}){1,30}){1,30}){1,30})$", false],
    ["(a{9,}){99}{99}", false],
    [`^${"a".repeat(256)}$`, false],
    ["(", false],
  ])("%s: %s", (pattern, taken) => {
    expect(createPatterns(LIMITS).add(pattern).ok).toBe(taken);
  });

  it("are taken no more once their programs are long enough together", () => {
    const patterns = createPatterns(LIMITS);
    const taken = Array.from({ length: 5_000 }, (_, n) => patterns.add(`^((a|b){1,100}){1,3}${n}$`).ok);
    expect(taken[0]).toBe(true);
    expect(taken.filter((ok) => ok).length).toBeLessThan(20);
    expect(taken.at(-1)).toBe(false);
    expect(patterns.test("aab0", "^((a|b){1,100}){1,3}0$")).toBe(true);
  });
});
