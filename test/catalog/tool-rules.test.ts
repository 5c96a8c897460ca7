import { describe, expect, it } from "vitest";
import { compileToolRules } from "../../src/catalog/tool-rules.ts";
import type { JsonObject } from "../../src/core/json.ts";

const ALL = { allow: ["*"], deny: [] };

describe("annotations that the operator sets", () => {
  const rules = compileToolRules({
    ...ALL,
    annotations: {
      "pay_*": { readOnlyHint: false },
      pay_bill: { destructiveHint: true },
      "*_bill": { readOnlyHint: true },
    },
  });

  it.each<[string, JsonObject, JsonObject | undefined]>([
    ["pay_rent", { name: "pay_rent" }, { readOnlyHint: false }],
    ["pay_rent", { name: "pay_rent", annotations: { readOnlyHint: true } }, { readOnlyHint: false }],
    [
      "pay_rent",
      { annotations: { title: "Rent", idempotentHint: true } },
      { title: "Rent", idempotentHint: true, readOnlyHint: false },
    ],
    ["pay_rent", { annotations: "none" }, { readOnlyHint: false }],
    ["pay_rent", { annotations: [1] }, { readOnlyHint: false }],
    ["pay_bill", {}, { readOnlyHint: true, destructiveHint: true }],
    ["look", { annotations: { readOnlyHint: true } }, { readOnlyHint: true }],
    ["look", {}, undefined],
  ])("%s %j: %j", (tool, definition, expected) => {
    const before = structuredClone(definition);
    expect(rules.annotated(tool, definition)["annotations"]).toEqual(expected);
    expect(definition).toEqual(before);
  });

  it("leave a definition that they are not about as it is", () => {
    const definition = { name: "look" };
    expect(rules.annotated("look", definition)).toBe(definition);
  });
});
