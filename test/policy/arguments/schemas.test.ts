import { expect, it } from "vitest";
import type { JsonObject } from "../../../src/core/json.ts";
import { createArgumentNameCheck } from "../../../src/policy/arguments/check.ts";

const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const named = (count: number, name: (index: number) => string, value: (index: number) => unknown = () => ({})) =>
  Object.fromEntries(many(count, (index) => [name(index), value(index)]));

// Each took seconds to minutes where what was read of a schema had no bound; all are within what a server may send.
const SCHEMAS: Readonly<Record<string, object>> = {
  "patterns that are too large": { patternProperties: named(30_000, (i) => `(abc){999}${i}`) },
  "patterns that are none": { patternProperties: named(30_000, (i) => `((((a|b){9}){9}){9}(?<x${i}`) },
  "many patterns": { patternProperties: named(30_000, (i) => `(?i)[\\p{L}\\p{N}]{1,4}x${i}$`) },
  "one anchor of many": { allOf: many(30_000, () => ({ $dynamicAnchor: "a" })) },
  "references to one anchor of many": { allOf: many(18_000, () => ({ $dynamicAnchor: "a", $dynamicRef: "#a" })) },
  "a long address": {
    $id: `http://x/${"a".repeat(500_000)}/`,
    $defs: named(12_000, String, (i) => ({ $id: `k${i}` })),
  },
  "addresses in one another": many(60, (i) => i).reduce<object>(
    (inner, i) => ({ $id: `${"a".repeat(5_000)}${i}/`, allOf: [inner, ...many(500, (k) => ({ $id: `k${k}` }))] }),
    {},
  ),
  "long pointers": { allOf: many(100, (i) => ({ $ref: `#${"/$defs".repeat(5_000)}/${i}` })) },
  "one pointer": { $ref: `#${"/a".repeat(1_000_000)}` },
  "circles of references": {
    $defs: named(60, String, (i) => ({ allOf: many(200, () => ({ $ref: `#/$defs/${(i + 1) % 60}` })) })),
    $ref: "#/$defs/0",
  },
  "many allowed names": {
    propertyNames: { anyOf: many(20_000, (i) => ({ const: `k${i}`, $ref: "#/propertyNames" })) },
  },
  // More than a function takes arguments, where an operator lets servers say so much.
  "very many schemas of one value": { allOf: many(300_000, () => ({})) },
  "very many required names": { required: many(300_000, (i) => `k${i}`) },
  "very many allowed names": { propertyNames: { enum: many(300_000, (i) => `k${i}`) } },
  "very many values": {
    enum: [
      named(
        300_000,
        (i) => `k${i}`,
        () => 1,
      ),
    ],
  },
  "very many conditions": { dependentSchemas: named(300_000, (i) => `k${i}`) },
  "many schemas of one value": { anyOf: many(40_000, () => ({ properties: { a: { type: "object" } } })) },
};

it.each(Object.keys(SCHEMAS))("reads no more than it may of a schema with %s", (name) => {
  const inputSchema = { type: "object", additionalProperties: false, ...SCHEMAS[name] } as JsonObject;
  const args = {
    ...named(
      100,
      (i) => `key-${i}`,
      () => ({ b: { c: 1 } }),
    ),
    a: { amount: 5 },
  } as JsonObject;
  const check = createArgumentNameCheck();
  for (const looksAt of [[], [["amount"]]]) {
    const refusal = check({ inputSchema }, args, looksAt);
    if (refusal !== undefined) expect(refusal.code).toBe("PARAMS_INVALID");
  }
});

it.each(["allOf", "anyOf", "oneOf"])("counts the schemas of one value in %s before it reads them", (keyword) => {
  let reads = 0;
  const counted = (schema: object): object =>
    new Proxy(schema, {
      get(target, name, self) {
        reads += 1;
        return Reflect.get(target, name, self);
      },
    });
  const check = (count: number) => {
    reads = 0;
    const schemas = many(count, (i) => counted({ properties: { a: { default: i } } }));
    return createArgumentNameCheck()({ inputSchema: { type: "object", [keyword]: schemas } } as JsonObject, { a: 1 }, [
      ["a"],
    ]);
  };
  expect(check(900)).toBeUndefined();
  // What a schema refers to is looked for in the whole document; nothing else is.
  for (const count of [1_001, 8_000]) {
    expect(check(count)).toMatchObject({ code: "PARAMS_INVALID" });
    expect(reads / count).toBeLessThan(2);
  }
});
