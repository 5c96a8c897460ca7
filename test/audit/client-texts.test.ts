import { expect, it } from "vitest";
import { createClientTexts } from "../../src/audit/client-texts.ts";

const KEY = `pk_${"z9Q".repeat(15)}`;

it.each([
  ["claude-code", "1.2.3"],
  ["Visual Studio Code", "1.100.0-insider"],
  ["ci", "3f2c9a1b7d4e"],
  ["", ""],
])("a client %s %s is written as it calls itself", (name, version) => {
  const clientText = createClientTexts();
  for (const _ of [1, 2]) expect(clientText({ name, version })).toBe(`${name}/${version}`);
});

it.each([
  [`agent ${KEY}`, "1"],
  ["agent", `1 ${KEY}`],
  ["agent", `Bearer ${KEY}`],
  [KEY, KEY],
])("no credential in what a client calls itself is written: %s %s", (name, version) => {
  const clientText = createClientTexts();
  for (const _ of [1, 2]) expect(clientText({ name, version })).not.toContain(KEY);
});

it("what is too long is cut", () => {
  expect(createClientTexts()({ name: "a ".repeat(1_000), version: "1" }).length).toBeLessThan(200);
});
