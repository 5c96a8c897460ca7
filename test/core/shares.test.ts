import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Shares } from "../../src/core/shares.ts";

const action = fc.oneof(
  fc.record({ kind: fc.constant("take" as const) }),
  fc.record({ kind: fc.constant("give" as const) }),
  fc.record({ kind: fc.constant("wait" as const) }),
  fc.record({ kind: fc.constant("leave" as const) }),
);

describe("places that principals share", () => {
  it("leave one of 2^n for a principal that comes next, whatever n others did", () => {
    const actions = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), action), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 2 ** 4, max: 40 }), actions, (places, sequence) => {
        const shares = new Shares(places, 5);
        const held = [0, 0, 0, 0];
        const leaves: Array<() => void> = [];
        for (const [hostile, { kind }] of sequence) {
          const name = `hostile ${hostile}`;
          const grow = (): void => {
            held[hostile] = (held[hostile] ?? 0) + 1;
          };
          if (kind === "take" && shares.take(name)) grow();
          if (kind === "wait") leaves.push(shares.wait(name, grow) ?? (() => {}));
          if (kind === "leave") leaves.shift()?.();
          if (kind === "give" && (held[hostile] ?? 0) > 0) {
            held[hostile] = (held[hostile] ?? 0) - 1;
            shares.give(name);
          }
          expect(held.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(places);
        }
        expect(shares.take("newcomer")).toBe(true);
      }),
    );
  });

  it("are all taken by n others of fewer, each with half of what the others left", () => {
    const shares = new Shares(2 ** 4 - 1, 0);
    const all = (name: string): number => {
      let taken = 0;
      while (shares.take(name)) taken++;
      return taken;
    };
    expect(["a", "b", "c", "d", "newcomer"].map(all)).toEqual([8, 4, 2, 1, 0]);
  });

  it("are half for one alone", () => {
    const shares = new Shares(10, 0);
    expect(Array.from({ length: 10 }, () => shares.take("a")).filter(Boolean)).toHaveLength(5);
  });

  it("go to the waiting principals in turn, however many of one wait", () => {
    const shares = new Shares(2, 100);
    expect(shares.take("a")).toBe(true);
    const order: string[] = [];
    for (let count = 0; count < 20; count++) shares.wait("a", () => order.push("a"));
    expect(shares.take("b")).toBe(true);
    for (const name of ["b", "c"]) shares.wait(name, () => order.push(name));
    for (const name of ["a", "b", "a", "b"]) shares.give(name);
    expect(order.slice(0, 3)).toEqual(["a", "b", "c"]);
  });

  it("refuse who waits beyond the length of its own queue, and let who leaves be forgotten", () => {
    const shares = new Shares(1, 2);
    shares.take("a");
    const began: number[] = [];
    const leaves = [1, 2, 3].map((number) => shares.wait("a", () => began.push(number)));
    expect(leaves[2]).toBeUndefined();
    leaves[0]?.();
    shares.give("a");
    expect(began).toEqual([2]);
  });
});
