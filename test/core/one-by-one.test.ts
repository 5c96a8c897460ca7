import { expect, it } from "vitest";
import { OneByOne } from "../../src/core/one-by-one.ts";

it("serves one person after another, however many pieces one has", async () => {
  const turns = new OneByOne();
  const order: string[] = [];
  const piece = (holder: string) => turns.turn(holder).then(() => order.push(holder));
  await Promise.all(["alice", "alice", "alice", "bob", "carol", "bob"].map(piece));
  expect(order).toEqual(["alice", "bob", "carol", "alice", "bob", "alice"]);
});

it("lets the event loop go round between two pieces", async () => {
  const turns = new OneByOne();
  let served = 0;
  const all = Promise.all(Array.from({ length: 20 }, () => turns.turn("alice").then(() => served++)));
  const seen: number[] = [];
  while (served < 20) {
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(served);
  }
  await all;
  // Whoever looks once in each round sees every step of the way.
  expect(seen.map((count, index) => count - (seen[index - 1] ?? 0)).every((step) => step <= 1)).toBe(true);
});

it("begins anew after a pause", async () => {
  const turns = new OneByOne();
  await turns.turn("alice");
  await turns.turn("alice");
});
