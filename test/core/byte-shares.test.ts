import fc from "fast-check";
import { expect, it } from "vitest";
import { ByteShares } from "../../src/core/byte-shares.ts";

const TOTAL = 1_000;

it("never give out more than there is, and all of it comes back", () => {
  const step = fc.record({
    holder: fc.constantFrom("a", "b", "c", "d"),
    bytes: fc.integer({ min: 0, max: 2 * TOTAL }),
    back: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const shares = new ByteShares(TOTAL);
      const taken: Array<readonly [holder: string, bytes: number]> = [];
      for (const { holder, bytes, back } of steps) {
        const first = taken[0];
        if (back && first !== undefined) shares.give(...first);
        if (back) taken.shift();
        if (shares.take(holder, bytes)) taken.push([holder, bytes]);
        expect(taken.reduce((sum, [, one]) => sum + one, 0)).toBeLessThanOrEqual(TOTAL);
      }
      for (const one of taken) shares.give(...one);
      // As at the beginning: half for one alone.
      expect([shares.take("a", TOTAL / 2), shares.take("a", 1)]).toEqual([true, false]);
    }),
  );
});

it("leave half for others, and some for who comes next", () => {
  const shares = new ByteShares(TOTAL);
  const all = (holder: string): number => {
    let taken = 0;
    while (shares.take(holder, 10)) taken += 10;
    return taken;
  };
  expect(["a", "b", "c"].map(all)).toEqual([500, 250, 130]);
  expect(shares.take("d", 10)).toBe(true);
});
