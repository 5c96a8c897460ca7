import { expect, it } from "vitest";
import { counted, grouped } from "../../src/core/counted.ts";

it.each([
  [0, "call", "0 calls"],
  [1, "policy", "1 policy"],
  [2, "policy", "2 policies"],
  [2, "key", "2 keys"],
  [12_480, "call", "12,480 calls"],
])("%d of %s are %s", (amount, noun, text) => {
  expect(counted(amount, noun)).toBe(text);
});

it("groups whole numbers", () => {
  expect([999, 1_000, 1_234_567].map(grouped)).toEqual(["999", "1,000", "1,234,567"]);
});
