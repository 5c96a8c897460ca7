import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SharedMemory } from "../../src/core/shared-memory.ts";

const HOLDERS = ["a", "b", "c", "d"];

describe("a memory that principals share", () => {
  it("is never larger than it may be, and keeps for each what they used last, up to an equal part", () => {
    const step = fc.tuple(fc.constantFrom(...HOLDERS), fc.integer({ min: 0, max: 30 }), fc.boolean());
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 200 }), (max, steps) => {
        const memory = new SharedMemory<number>(max);
        const used = new Map(HOLDERS.map((holder): [string, number[]] => [holder, []]));
        for (const [holder, key, remember] of steps) {
          if (remember) memory.set(holder, String(key), key);
          const found = memory.get(holder, String(key));
          if (remember) expect(found).toBe(key);
          if (found !== undefined) used.set(holder, [key, ...(used.get(holder) ?? []).filter((one) => one !== key)]);
          expect(memory.size).toBeLessThanOrEqual(max);
        }
        for (const [holder, keys] of used) {
          for (const key of keys.slice(0, Math.floor(max / HOLDERS.length))) {
            expect(memory.get(holder, String(key))).toBe(key);
          }
        }
      }),
    );
  });

  it("leaves whoever holds no more than an equal part what they have", () => {
    const memory = new SharedMemory<number>(10);
    for (let key = 0; key < 2; key++) memory.set("modest", String(key), key);
    for (let key = 0; key < 1000; key++) memory.set(`greedy ${key % 4}`, String(key), key);
    expect([memory.get("modest", "0"), memory.get("modest", "1")]).toEqual([0, 1]);
  });

  it("forgets what it is told to", () => {
    const memory = new SharedMemory<number>(2);
    memory.set("a", "k", 1);
    memory.delete("a", "k");
    memory.delete("a", "k");
    expect([memory.get("a", "k"), memory.size]).toEqual([undefined, 0]);
  });
});
