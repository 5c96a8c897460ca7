import { expect, it } from "vitest";
import { Slices } from "../../src/core/slices.ts";

it("slices of several pieces of work leave everybody else a turn between any two of them", async () => {
  const order: string[] = [];
  const work = async (name: string): Promise<void> => {
    const slices = new Slices();
    for (let step = 0; step < 3; step++) {
      await slices.next();
      order.push(name);
    }
  };
  let over = false;
  const others = (): void => {
    if (over) return;
    order.push("-");
    setImmediate(others);
  };
  setImmediate(others);
  await Promise.all(["a", "b", "c"].map(work));
  over = true;
  // Each in turn, and never one right after the other.
  expect(order.filter((name) => name !== "-").join("")).toBe("abcabcabc");
  expect(order.join("")).not.toMatch(/[abc]{2}/);
});
