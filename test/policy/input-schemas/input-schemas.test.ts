import { describe, expect, it } from "vitest";
import { ExactNumber } from "../../../src/core/exact-number.ts";
import type { Json, JsonObject } from "../../../src/core/json.ts";
import { createInputSchemas } from "../../../src/policy/input-schemas/input-schemas.ts";

const schemas = createInputSchemas();

const SCHEMA: Json = {
  type: "object",
  properties: { id: { type: "string" }, n: { type: "integer" }, more: { type: ["array", "null"] }, any: {} },
  required: ["id"],
  additionalProperties: false,
};

const told = (schema: Json | undefined, given: JsonObject): readonly string[] | string => {
  const fit = schemas.fit(schema, given);
  return fit.kind === "misfits" ? fit.misfits : fit.kind === "unknown" ? `unknown: ${fit.reason}` : [];
};

const draft07 = (schema: JsonObject): JsonObject => ({ $schema: "http://json-schema.org/draft-07/schema#", ...schema });

describe("arguments", () => {
  it.each<[given: JsonObject, misfits: readonly string[]]>([
    [{ id: "c-1", n: 2, more: null, any: { x: 1 } }, []],
    [{ id: "c-1", n: 2.5 }, ["n is not of the type integer."]],
    [{ id: 7, m: 1 }, ["m is no argument of this tool.", "id is not of the type string."]],
    [{ more: {} }, ["id is missing: the tool needs it.", "more is not of the type array or null."]],
    [JSON.parse('{"id":"x","__proto__":1}'), ["__proto__ is no argument of this tool."]],
    [{ id: "x", n: new ExactNumber("1.0") }, []],
    [{ constructor: 1, id: "x" }, ["constructor is no argument of this tool."]],
  ])("%j", (given, misfits) => {
    expect(told(SCHEMA, given)).toEqual(misfits);
  });

  it.each<[rule: string, schema: JsonObject, given: JsonObject, misfits: readonly string[]]>([
    ["enum", { properties: { c: { enum: ["EUR"] } } }, { c: "USD-secret" }, ["c breaks the rule enum of the tool."]],
    ["const", { properties: { c: { const: { a: 1 } } } }, { c: { a: 2 } }, ["c breaks the rule const of the tool."]],
    ["maximum", { properties: { c: { maximum: 100 } } }, { c: 4711 }, ["c breaks the rule maximum of the tool."]],
    [
      "maximum, exact",
      { properties: { c: { maximum: new ExactNumber("1.0") } } },
      { c: new ExactNumber("1.10") },
      ["c breaks the rule maximum of the tool."],
    ],
    [
      "pattern",
      { properties: { c: { pattern: "^[\\u0061-z]+$" } } },
      { c: "A" },
      ["c breaks the rule pattern of the tool."],
    ],
    ["pattern that fits", { properties: { c: { pattern: "^[\\u0061-z\\u{e9}]+$" } } }, { c: "é" }, []],
    ["maxLength", { properties: { c: { maxLength: 1 } } }, { c: "😀" }, []],
    [
      "uniqueItems",
      { properties: { c: { uniqueItems: true } } },
      {
        c: [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
      },
      ["c breaks the rule uniqueItems of the tool."],
    ],
    ["uniqueItems false", { properties: { c: { uniqueItems: false } } }, { c: [1, 1] }, []],
    [
      "below",
      { properties: { c: { items: { properties: { "a/b": { type: "string" } }, required: ["x y"] } } } },
      { c: [{ "a/b": 1 }] },
      ["c[0][?] is missing: the tool needs it.", "c[0][?] is not of the type string."],
    ],
    ["dates are no rule", { properties: { c: { format: "date" } } }, { c: "x" }, []],
    [
      "$ref",
      { properties: { c: { $ref: "#/$defs/a~1b" } }, $defs: { "a/b": { type: "null" } } },
      { c: 1 },
      ["c is not of the type null."],
    ],
    [
      "$ref to all",
      { properties: { c: { $ref: "#" } }, required: ["d"] },
      { c: { d: 1 } },
      ["d is missing: the tool needs it."],
    ],
    [
      "$anchor",
      { properties: { c: { $ref: "#here" } }, $defs: { d: { $anchor: "here", type: "null" } } },
      { c: 1 },
      ["c is not of the type null."],
    ],
    [
      "anyOf",
      { anyOf: [{ required: ["a"] }, { required: ["b"] }] },
      {},
      ["The object of all arguments breaks the rule anyOf of the tool."],
    ],
    [
      "if",
      JSON.parse('{"if":{"required":["a"]},"then":{"required":["b"]}}'),
      { a: 1 },
      ["The object of all arguments breaks the rule if of the tool."],
    ],
    ["not", { not: { required: ["a"] } }, { a: 1 }, ["The object of all arguments breaks the rule not of the tool."]],
    ["false", { properties: { c: false } }, { c: 1 }, ["c is no argument of this tool."]],
    [
      "unevaluatedProperties",
      { allOf: [{ properties: { a: {} } }], unevaluatedProperties: false },
      { a: 1, b: 2 },
      ["b is no argument of this tool."],
    ],
    [
      "dependentRequired",
      { dependentRequired: { a: ["b"] } },
      { a: 1 },
      ["The object of all arguments breaks the rule dependentRequired of the tool."],
    ],
    [
      "patternProperties",
      { patternProperties: { "^x": { type: "null" } }, additionalProperties: false },
      { x1: null },
      [],
    ],
    [
      "propertyNames",
      { propertyNames: { maxLength: 2 } },
      { abc: 1 },
      [
        "The object of all arguments breaks the rule maxLength of the tool.",
        "The object of all arguments breaks the rule propertyNames of the tool.",
      ],
    ],
    ...[{}, { minContains: 1 }, { minItems: 0 }].map((more): [string, JsonObject, JsonObject, readonly string[]] => [
      `contains, in a list that is empty after one that is not, beside ${JSON.stringify(more)}`,
      { properties: { c: { items: { contains: { const: 1 }, ...more } } } },
      { c: [[1], []] },
      ["c[1] breaks the rule minItems of the tool."],
    ]),
    [
      "contains of draft-07",
      draft07({ patternProperties: { "^c": { contains: { const: 1 }, minContains: 0 } } }),
      { c1: [1], c2: [] },
      ["c2 breaks the rule minItems of the tool."],
    ],
    ["contains that may be none", { properties: { c: { contains: { const: 1 }, minContains: 0 } } }, { c: [] }, []],
    ["contains of what is no list", { properties: { c: { contains: { const: 1 } } } }, { c: {} }, []],
    ["prefixItems", { properties: { c: { prefixItems: [{ type: "string" }], items: false } } }, { c: ["x"] }, []],
    [
      "tuples of draft-07",
      draft07({ properties: { c: { items: [{ type: "string" }] } } }),
      { c: [1] },
      ["c[0] is not of the type string."],
    ],
    [
      "definitions of draft-07",
      draft07({ properties: { c: { $ref: "#/definitions/d" } }, definitions: { d: { type: "null" } } }),
      { c: 1 },
      ["c is not of the type null."],
    ],
    [
      "words that are no rules here",
      { title: 5, $async: true, nullable: true, discriminator: {}, "x-cost": -1e9, default: 1 },
      {},
      [],
    ],
    ["an own $id", { $id: "https://example.com/tool", type: "object" }, {}, []],
  ])("are held against %s", (_, schema, given, misfits) => {
    expect(told(schema, given)).toEqual(misfits);
  });

  it("are told of twenty times at most, without their values", () => {
    const given = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`k${n}`, "secret"]));
    const misfits = told({ additionalProperties: false }, given);
    expect(misfits).toHaveLength(20);
    expect(JSON.stringify(misfits)).not.toContain("secret");
  });
});

const nested = (depth: number): JsonObject => (depth === 0 ? {} : { properties: { a: nested(depth - 1) } });
const chain = (length: number): JsonObject => ({
  $ref: "#/$defs/d0",
  $defs: Object.fromEntries(
    Array.from({ length }, (_, n) => {
      const next = { $ref: `#/$defs/d${n + 1}` };
      return [`d${n}`, n === length - 1 ? { required: ["z"] } : { anyOf: [next, next] }];
    }),
  ),
});
const items = (schema: Json): JsonObject => ({ properties: { a: { items: schema } } });

describe("a schema that cannot be used is unknown, never passed", () => {
  it.each<[why: string, schema: Json | undefined]>([
    ["none", undefined],
    ["a boolean", true],
    ["an odd type", { properties: { x1: { type: "decimal" } } }],
    ["odd members", { properties: [], required: "x" }],
    ["a required that is no list", { required: "x" }],
    ["a minimum that is none", { properties: { x1: { minimum: "1" } } }],
    ["a list that is none", { anyOf: { a: {} } }],
    ["an empty list", { anyOf: [] }],
    ["another dialect", { $schema: "http://json-schema.org/draft-04/schema#" }],
    ["a dialect of its own", { $schema: "http://127.0.0.1:1/mine" }],
    ["a $schema that is none", { $schema: 7 }],
    ["a reference over the network", { $ref: "http://127.0.0.1:1/x" }],
    ["a reference to a file", { $ref: "file:///etc/passwd" }],
    ["a reference to the schema of schemas", { $ref: "https://json-schema.org/draft/2020-12/schema" }],
    ["a reference by path", { $ref: "other.json#/a" }],
    ["a reference to nothing", { $ref: "#/$defs/none" }],
    ["a reference into no schema", { $ref: "#/x/y", x: { y: {} } }],
    ["a reference into a value", { $ref: "#/const", const: {} }],
    ["a reference that cannot be decoded", { $ref: "#/%zz" }],
    ["a base of its own below", { properties: { a: { $id: "https://example.com/" } } }],
    ["a dynamic reference", { $dynamicRef: "#x" }],
    ["a name of the language", { properties: JSON.parse('{"__proto__":{}}') }],
    ["depth", nested(100)],
    [
      "a schema that is larger than any",
      { properties: Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`k${n}`, {}])) },
    ],
    ["an enum that is longer than any", { enum: Array.from({ length: 6_000 }, (_, n) => n) }],
    ["a pattern that looks back", { properties: { a: { pattern: "(a)\\1" } } }],
    ["a pattern that is none", { properties: { a: { pattern: "(" } } }],
    ["a pattern that counts far", { properties: { a: { pattern: "(a{1000}){1000}" } } }],
    [
      "patterns in great number",
      { patternProperties: Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`^k${n}$`, {}])) },
    ],
    ["an endless reference", { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/a" } } }],
    ["a reference to itself", { $ref: "#" }],
    ["references that double", chain(40)],
    [
      "what the library fails at",
      { anyOf: [{ type: "string", properties: { b: {} } }, {}], patternProperties: { "^x": {} } },
    ],
  ])("%s", (_, schema) => {
    expect(schemas.fit(schema, { x1: 1 })).toMatchObject({ kind: "unknown" });
  });

  it.each<[why: string, schema: JsonObject, given: Json]>([
    [
      "each item with each",
      items({ contains: { const: 1 } }),
      Array.from({ length: 300 }, () => Array.from({ length: 300 }, () => 0)),
    ],
    [
      "long texts and a large pattern",
      items({ pattern: "(?:a|b|c|d|e|f){200}$" }),
      Array.from({ length: 20 }, () => "a".repeat(100_000)),
    ],
    [
      "many names and many patterns",
      items({ patternProperties: Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`x{${n + 1}}$`, {}])) }),
      [Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`k${n}`, 0]))],
    ],
  ])("and so is one that takes too long: %s", (_, schema, a) => {
    const fit = schemas.fit(schema, { a });
    expect(fit.kind).not.toBe("fits");
  });

  it("but large honest arguments are looked at whole", () => {
    const row = {
      type: "object",
      properties: {
        id: { type: "integer" },
        name: { type: "string", maxLength: 100 },
        tags: { type: "array", items: { type: "string" } },
      },
      required: ["id"],
      additionalProperties: false,
    };
    const a = Array.from({ length: 10_000 }, (_, id) => ({ id, name: `name ${id}`, tags: ["a", "b"] }));
    expect(schemas.fit(items(row), { a })).toEqual({ kind: "fits" });
    expect(schemas.fit(items(row), { a: [...a, { name: "x" }] })).toEqual({
      kind: "misfits",
      misfits: ["a[10000].id is missing: the tool needs it."],
    });
  });
});
