import { describe, expect, it } from "vitest";
import { schemaRows } from "../../../src/console/tools/schema-rows.ts";
import type { JsonObject } from "../../../src/core/json.ts";

const one = (schema: JsonObject) => schemaRows({ type: "object", properties: { it: schema } }).rows[0];

describe("the type of an argument", () => {
  it.each<[JsonObject, string]>([
    [{ type: "string" }, "text"],
    [{ type: "integer" }, "whole number"],
    [{ type: ["string", "null"] }, "text or null"],
    [{ type: "array", items: { type: "number" } }, "list of number"],
    [{ type: "array" }, "list"],
    [{ type: "array", items: { type: "array", items: { type: "boolean" } } }, "list of list of yes or no"],
    [{ anyOf: [{ type: "string" }, { type: "integer" }, { type: "string" }] }, "text or whole number"],
    [{ oneOf: [{ const: "EUR" }, { const: "USD" }] }, 'exactly "EUR" or exactly "USD"'],
    [{ properties: {} }, "object"],
    [{ enum: ["a", 1] }, "choice"],
    [{}, "anything"],
    [{ $ref: "https://elsewhere.example/schema.json" }, "anything"],
    [{ type: "teapot" }, "teapot"],
    [{ type: { not: "a type" } }, "anything"],
  ])("of %j is %s", (schema, type) => {
    expect(one(schema)?.type).toBe(type);
  });
});

describe("the limits of an argument", () => {
  it.each<[JsonObject, readonly string[]]>([
    [{ type: "string", minLength: 1, maxLength: 100 }, ["1 to 100 characters"]],
    [{ type: "string", minLength: 3, maxLength: 3 }, ["exactly 3 characters"]],
    [{ type: "string", minLength: 0 }, []],
    [{ type: "string", minLength: 1 }, ["at least 1 character"]],
    [{ type: "object", minProperties: 2, maxProperties: 2 }, ["exactly 2 properties"]],
    [{ type: "array", minItems: 2, uniqueItems: true }, ["at least 2 items", "no item twice"]],
    [{ type: "number", minimum: 0, exclusiveMaximum: 100 }, ["≥ 0", "< 100"]],
    [{ multipleOf: 0.01 }, ["a multiple of 0.01"]],
    [{ format: "date", pattern: "^2" }, ["format date", "matches ^2"]],
    [{ enum: ["a", 1, null, { b: 1 }] }, ['one of "a", 1, null, {…}']],
    [{ default: [1, 2] }, ["default a list of 2"]],
    [{ additionalProperties: false, deprecated: true }, ["no other properties", "deprecated"]],
    [{ minimum: "0", maxLength: null, enum: "a" }, []],
  ])("of %j are %j", (schema, limits) => {
    expect(one(schema)?.limits).toEqual(limits);
  });

  it("say how many values there are beyond those that are named", () => {
    expect(one({ enum: Array.from({ length: 500 }, (_, i) => i) })?.limits[0]).toBe(
      "one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 488 more",
    );
  });

  it("cut a value of a megabyte", () => {
    expect(one({ default: "x".repeat(1_000_000) })?.limits[0]?.length).toBeLessThan(100);
  });
});

it("nested properties stand behind their parent, with the way to them", () => {
  const line = { type: "object", properties: { amount: { type: "number" } }, required: ["amount"] };
  const { rows, cut } = schemaRows({
    type: "object",
    required: ["customer"],
    properties: {
      customer: { type: "object", properties: { name: { type: "string", description: "As on the card." } } },
      lines: { type: "array", items: { $ref: "#/$defs/li~1ne" } },
    },
    allOf: [{ properties: { memo: { type: "string" } } }],
    $defs: { "li/ne": line },
  });
  expect(rows.map(({ name, required }) => [name, required])).toEqual([
    ["customer", true],
    ["customer.name", false],
    ["lines", false],
    ["lines[].amount", true],
    ["memo", false],
  ]);
  expect(rows[1]?.description).toBe("As on the card.");
  expect(rows[2]?.type).toBe("list of object");
  expect(cut).toBe(false);
});

describe("a schema that wants too much", () => {
  const deep = (depth: number): JsonObject => {
    let schema: JsonObject = {};
    for (let i = 0; i < depth; i++) schema = { type: "object", properties: { a: schema } };
    return schema;
  };
  const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`p${i}`, { type: "string" }]));
  const itself: JsonObject = { type: "object", properties: { again: { $ref: "#" } } };
  const circle: JsonObject = { properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: { $ref: "#/$defs/a" } } };
  const branches: JsonObject = { allOf: [{ $ref: "#" }, { $ref: "#" }], properties: { a: { $ref: "#" } } };
  const many = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value);
  const choices: JsonObject = { anyOf: many(1_000, { $ref: "#/$defs/a" }) };
  const explosion: JsonObject = { $defs: { a: choices }, properties: { a: choices, b: choices, c: choices } };

  it.each<[string, JsonObject, number, boolean]>([
    ["5,000 levels", deep(5_000), 6, true],
    ["10,000 properties", { properties: wide }, 200, true],
    ["itself within itself", itself, 6, true],
    ["a reference to itself", circle, 1, false],
    ["itself many times over", branches, 200, true],
    ["a thousand parts that are itself", { allOf: many(1_000, { $ref: "#" }) }, 0, true],
    ["a thousand choices that are themselves", explosion, 3, true],
    ["properties that are none", { properties: "a" }, 0, false],
    ["names that every object has", { properties: JSON.parse('{"__proto__":{"type":"string"}}') }, 1, false],
    ["a reference to what every object has", { properties: { a: { $ref: "#/constructor/prototype" } } }, 1, false],
  ])("with %s is listed as far as a page can hold", (_, schema, count, cut) => {
    const read = schemaRows(schema);
    expect([read.rows.length, read.cut]).toEqual([count, cut]);
  });
});
