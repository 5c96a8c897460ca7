import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isObject, type Json, type JsonObject } from "../../../src/core/json.ts";
import { createArgumentNameCheck } from "../../../src/policy/arguments/check.ts";
import type { ArgumentPath } from "../../../src/policy/syntax/argument-paths.ts";

const check = createArgumentNameCheck();

/** Of policies that look at the arguments as a whole, and of none. */
const WHOLE: readonly ArgumentPath[] = [[]];
const NONE: readonly ArgumentPath[] = [];

function refusal(inputSchema: JsonObject, args: JsonObject, closed = true) {
  return check({ name: "t", inputSchema }, args, closed ? WHOLE : NONE);
}

const text: JsonObject = { type: "string" };
const closed = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: "object",
  properties,
  additionalProperties: false,
  ...more,
});

describe("a key that reads like a property of the schema", () => {
  const schema: JsonObject = {
    properties: {
      amount: { type: "number" },
      userId: text,
      items: { type: "array", items: { properties: { sku: text } } },
      to: { anyOf: [{ type: "null" }, { $ref: "#/$defs/account" }] },
      labels: { additionalProperties: { properties: { color: text } } },
      first: { prefixItems: [{ properties: { a: text } }], items: { properties: { b: text } } },
    },
    allOf: [{ properties: { note: text } }],
    patternProperties: { "^x-": { properties: { inner: text } } },
    $defs: { account: { properties: { iban: text, holder: { $ref: "#/$defs/account" } } } },
  };

  it.each([
    [{ Amount: 1 }, "params.arguments"],
    [{ "amount\u0000": 1 }, "params.arguments"],
    [{ userid: "x" }, "params.arguments"],
    [{ uſerId: "x" }, "params.arguments"],
    [{ NOTE: "x" }, "params.arguments"],
    [{ items: [{}, { SKU: "x" }] }, "params.arguments.items[1]"],
    [{ to: { IBAN: "x" } }, "params.arguments.to"],
    [{ to: { holder: { holder: { Iban: "x" } } } }, "params.arguments.to.holder.holder"],
    [{ labels: { any: { Color: "x" } } }, "params.arguments.labels.any"],
    [{ first: [{ A: 1 }] }, "params.arguments.first[0]"],
    [{ first: [{ B: 1 }, { B: 1 }] }, "params.arguments.first[1]"],
    [{ "x-y": { Inner: 1 } }, "params.arguments[?]"],
  ])("is refused in %j, wherever policies look", (args, path) => {
    for (const reads of [true, false]) {
      expect(refusal(schema, args, reads)).toMatchObject({
        code: "KEYS_AMBIGUOUS",
        detail: expect.stringContaining(`At ${path},`),
      });
    }
  });

  it.each([
    [{ amount: 1, userId: "x", user_id: "x", other: { Amount: 1 }, items: [{ sku: 1, Color: 2 }] }],
    [{ labels: { Color: {}, color: {} }, to: { iban: "x", holder: { iban: "y" } } }],
    [
      {
        first: [
          { a: 1, B: 1 },
          { b: 1, A: 1 },
        ],
      },
    ],
  ])("is not found in %j", (args) => {
    expect(refusal(schema, args)).toBeUndefined();
  });
});

describe("a name of the schema, wherever it stands", () => {
  const named: JsonObject = { properties: { amount: text } };
  const within = ($defs: JsonObject, more: JsonObject): JsonObject => ({ type: "object", $defs, ...more });
  const inList = (schema: JsonObject): JsonObject => ({ properties: { l: { type: "array", ...schema } } });
  const under = (keyword: string, schema: JsonObject): JsonObject => ({ if: {}, [keyword]: schema });
  const old = { $schema: "http://json-schema.org/draft-07/schema#" };

  it.each<[string, JsonObject]>([
    ["an encoded pointer", within({ "a/b/c": named }, { $ref: "#/$defs/a%2fb~1c" })],
    ["an encoded keyword", within({ q: named }, { $ref: "#/%24defs/q" })],
    ["an encoded blank", within({ "Pay ment": named }, { $ref: "#/$defs/Pay%20ment" })],
    ["a pointer that is not encoded", within({ "50%": named }, { $ref: "#/$defs/50%" })],
    ["an anchor", within({ q: { $anchor: "x", ...named } }, { $ref: "#x" })],
    ["an old anchor", { ...old, ...within({ q: { $id: "#x", ...named } }, { $ref: "#x" }) }],
    ["an embedded $id", within({ q: { $id: "other", ...named } }, { $ref: "other" })],
    ["an absolute $id", within({ q: { $id: "/x/y", ...named } }, { $id: "https://a.example/b/", $ref: "../x/y#" })],
    ["a pointer into an embedded $id", within({ q: { $id: "o", $defs: { r: named } } }, { $ref: "o#/$defs/r" })],
    [
      "an anchor in an embedded $id",
      within({ q: { $id: "o", $defs: { r: { $anchor: "x", ...named } } } }, { $ref: "o#x" }),
    ],
    ["a urn", within({ q: { $id: "urn:a:b", ...named } }, { $ref: "urn:a:b" })],
    ["a dynamic reference", within({ q: { $dynamicAnchor: "x", ...named } }, { $dynamicRef: "#x" })],
    [
      "one of two dynamic anchors",
      within(
        { p: { $id: "p", $dynamicAnchor: "x" }, q: { $id: "q", $dynamicAnchor: "x", ...named } },
        { $dynamicRef: "p#x" },
      ),
    ],
    ["a reference to elsewhere", within({ q: named }, { $ref: "https://a.example/x" })],
    ["a reference to nothing", within({ q: named }, { $ref: "#/nothing" })],
    ["if", { if: named }],
    ["then", under("then", named)],
    ["else", { if: {}, else: { allOf: [named] } }],
    ["not", { not: { not: named } }],
    ["dependentSchemas", { dependentSchemas: { b: named } }],
    ["dependencies", { ...old, dependencies: { b: named } }],
    ["the names of dependencies", { ...old, dependencies: { b: ["amount"] } }],
    ["dependentRequired", { dependentRequired: { to: ["amount"] } }],
    ["what depends", { dependentRequired: { amount: ["to"] } }],
    ["required", { required: ["amount"] }],
    ["propertyNames", { propertyNames: { enum: ["amount", "to"] } }],
    ["propertyNames of one", { propertyNames: { anyOf: [{ const: "amount" }, {}] } }],
    ["propertyNames elsewhere", within({ n: { enum: ["amount"] } }, { propertyNames: { $ref: "#/$defs/n" } })],
    ["patterns for one name", { patternProperties: { "^amount$": text } }],
    ["patterns for some names", { patternProperties: { "^(?:to|amount)$": text } }],
    ["const", { const: { amount: 1 } }],
    ["enum", { enum: [1, { amount: 1 }] }],
    ["beside a reference, in an old schema", { ...old, ...within({ q: {} }, { $ref: "#/$defs/q", ...named }) }],
    ["a schema that refers to itself", { ...named, not: { $ref: "#" }, ...under("then", { $dynamicRef: "#" }) }],
  ])("counts in %s", (_where, schema) => {
    expect(refusal(schema, { Amount: 1 }, false)).toMatchObject({ code: "KEYS_AMBIGUOUS" });
    expect(refusal(schema, { amount: 1, to: 1, Other: 2 }, false)).toBeUndefined();
  });

  it.each<[string, JsonObject, JsonObject]>([
    ["contains", inList({ contains: named }), { l: [1, { Amount: 1 }] }],
    ["unevaluatedItems", inList({ unevaluatedItems: named }), { l: [{ Amount: 1 }] }],
    ["a list of items", inList({ items: [named] }), { l: [{ Amount: 1 }] }],
    ["two lists of items", inList({ items: [{}], prefixItems: [named] }), { l: [{ Amount: 1 }] }],
    ["additionalItems", { ...old, ...inList({ items: [{}], additionalItems: named }) }, { l: [{}, {}, { Amount: 1 }] }],
    ["unevaluatedProperties", { unevaluatedProperties: named }, { b: { Amount: 1 } }],
    [
      "a branch for another value",
      { anyOf: [{ properties: { k: named }, additionalProperties: false }, {}] },
      { x: 1, k: { Amount: 1 } },
    ],
    [
      "a recursive reference",
      { ...named, properties: { amount: text, child: { $recursiveRef: "#" } } },
      { child: { child: { Amount: 1 } } },
    ],
    [
      "elsewhere, below",
      { properties: { p: { $ref: "https://a.example/x" } }, $defs: { q: named } },
      { p: { k: [{ Amount: 1 }] } },
    ],
  ])("counts below, in %s", (_where, schema, args) => {
    expect(refusal(schema, args, false)).toMatchObject({ code: "KEYS_AMBIGUOUS" });
    expect(refusal(schema, JSON.parse(JSON.stringify(args).replace("Amount", "amount")), false)).toBeUndefined();
  });

  it("counts at its own level only: maps with free keys stay free", () => {
    const tags: JsonObject = {
      properties: { name: text, tags: { type: "object", additionalProperties: text }, any: {}, list: { items: {} } },
      $defs: { filter: { properties: { value: text } } },
    };
    for (const args of [
      { tags: { Name: "x", Value: "y" } },
      { any: { Name: [{ VALUE: 1 }] } },
      { list: [{ Name: 1 }] },
    ]) {
      expect(refusal(tags, args)).toBeUndefined();
    }
  });

  it("closes objects behind every reference that leads to one schema", () => {
    for (const [$ref, q] of [
      ["#/%24defs/q", closed({ a: text })],
      ["#x", closed({ a: text }, { $anchor: "x" })],
      ["other", closed({ a: text }, { $id: "other" })],
    ] as const) {
      expect(refusal({ $ref, $defs: { q } }, { b: 1 })).toMatchObject({ code: "PARAMS_INVALID" });
      expect(refusal({ $ref, $defs: { q } }, { a: 1 })).toBeUndefined();
    }
    const dynamic = { $dynamicRef: "#x", $defs: { q: closed({ a: text }, { $dynamicAnchor: "x" }) } };
    expect(refusal(dynamic, { b: 1 })).toMatchObject({ code: "PARAMS_INVALID" });
  });
});

describe("a name that policies read", () => {
  const reads: readonly ArgumentPath[] = [
    ["amount"],
    ["to", "iban"],
    ["lines", null, "sku"],
    ["rows", 3, "id"],
    [null, "any"],
  ];

  it.each<JsonObject>([
    { Amount: 1 },
    { "am\u200bount": 1 },
    { to: { IBAN: 1 } },
    { lines: [{}, { Sku: 1 }] },
    { lines: { x: { Sku: 1 } } },
    { rows: [{ ID: 1 }] },
    { x: { Any: 1 } },
    { amount: { Any: 1 } },
  ])("counts as named by the schema: %j", (args) => {
    for (const schema of [{ type: "object" }, { properties: { other: {}, to: {} } }, undefined]) {
      const definition = schema === undefined ? { name: "t" } : { name: "t", inputSchema: schema };
      expect(check(definition, args, reads)).toMatchObject({ code: "KEYS_AMBIGUOUS" });
      expect(check(definition, args, WHOLE)).toBeUndefined();
    }
  });

  it("counts at its own level only", () => {
    const args = {
      amount: 1,
      to: { iban: 1, Amount: 1, Sku: 1 },
      lines: [{ sku: 1, IBAN: 2 }],
      rows: [1, 2],
      Lines2: 1,
    };
    expect(check({ name: "t", inputSchema: { type: "object" } }, args, reads)).toBeUndefined();
  });
});

describe("additionalProperties: false", () => {
  it.each<[string, JsonObject, JsonObject, string | undefined]>([
    ["at the top", closed({ a: text }), { a: 1, b: 2 }, "params.arguments.b:"],
    ["without properties", { additionalProperties: false }, { a: 1 }, "params.arguments.a:"],
    ["in a property", { properties: { a: closed({ b: text }) } }, { a: { c: 1 } }, "params.arguments.a.c:"],
    ["in items", { properties: { a: { items: closed({ b: text }) } } }, { a: [{ c: 1 }] }, "params.arguments.a[0].c:"],
    ["by a reference", { $ref: "#/$defs/x", $defs: { x: closed({ a: text }) } }, { b: 1 }, "params.arguments.b:"],
    [
      "beside a reference",
      closed({}, { $ref: "#/$defs/x", $defs: { x: { properties: { a: text } } } }),
      { a: 1 },
      ".a:",
    ],
    ["in allOf", { allOf: [closed({ a: text }), { properties: { b: text } }] }, { b: 1 }, "params.arguments.b:"],
    ["in all of anyOf", { anyOf: [closed({ a: text }), closed({ b: text })] }, { c: 1 }, "params.arguments.c:"],
    [
      "for an object, or none",
      { properties: { a: { oneOf: [{ type: "null" }, closed({ b: text })] } } },
      { a: { c: 1 } },
      ".c:",
    ],
    ["beside patterns", closed({}, { patternProperties: { "^x-": {} } }), { y: 1 }, "params.arguments.y:"],
    ["under a name that could be data", closed({ a: text }), { "top secret": 1 }, "params.arguments[?]:"],
    ["with a name of every object", closed({ a: text }), { constructor: 1 }, "params.arguments.constructor:"],

    ["that is met", closed({ a: text }), { a: 1 }, undefined],
    ["in one of anyOf", { anyOf: [closed({ a: text }), { properties: { b: text } }] }, { c: 1 }, undefined],
    ["in a branch that is met", { anyOf: [closed({ a: text }), closed({ b: text })] }, { b: 1 }, undefined],
    [
      "in branches below which others hold",
      { anyOf: [{ properties: { k: closed({ a: text }) } }, { properties: { k: closed({ b: text }) } }] },
      { k: { b: 1 } },
      undefined,
    ],
    ["beside a pattern that fits", closed({}, { patternProperties: { "^x-": {} } }), { "x-a": 1 }, undefined],
    ["beside a pattern that nobody knows", closed({}, { patternProperties: { "(?=a)": {} } }), { b: 1 }, undefined],
    [
      "beside a reference, in an old schema",
      {
        $schema: "http://json-schema.org/draft-07/schema#",
        ...closed({}, { $ref: "#/definitions/x" }),
        definitions: { x: {} },
      },
      { a: 1 },
      undefined,
    ],
    ["behind a reference to elsewhere", { $ref: "https://example.com/x" }, { a: 1 }, undefined],
    ["that is a schema", { additionalProperties: closed({ a: text }) }, { any: { a: 1 } }, undefined],
  ])("%s", (_where, schema, args, where) => {
    expect(refusal(schema, args, false)).toBeUndefined();
    const found = refusal(schema, args);
    if (where === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject({ code: "PARAMS_INVALID", detail: expect.stringContaining(where) });
  });

  it("means what it means to a validator", () => {
    const names = fc.constantFrom("a", "b", "c");
    const { schema } = fc.letrec<{ schema: JsonObject; properties: JsonObject }>((tie) => ({
      properties: fc.dictionary(names, tie("schema"), { maxKeys: 3 }),
      schema: fc.oneof(
        { maxDepth: 4 },
        fc.constant({}),
        fc.constant({ $ref: "#/$defs/d" }),
        fc.record({ properties: tie("properties"), additionalProperties: fc.constant(false) }, { requiredKeys: [] }),
        fc.record({ properties: tie("properties"), additionalProperties: tie("schema") }, { requiredKeys: [] }),
        fc.record({ items: tie("schema"), prefixItems: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }) }),
        fc.record({ allOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }) }),
        fc.record({ anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }), properties: tie("properties") }),
      ),
    }));
    const { args } = fc.letrec<{ value: Json; args: JsonObject }>((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, fc.constant(1), fc.array(tie("value"), { maxLength: 3 }), tie("args")),
      args: fc.dictionary(names, tie("value"), { maxKeys: 3 }),
    }));
    const ajv = new Ajv2020({ strict: false, validateSchema: false, addUsedSchema: false });
    let [refused, passed] = [0, 0];
    fc.assert(
      fc.property(schema, closedOrRef(schema), args, (root, shared, value) => {
        const inputSchema: JsonObject = { ...root, $defs: { d: shared } };
        const valid = ajv.compile(inputSchema)(value);
        const found = refusal(inputSchema, value);
        if (valid) expect(found).toBeUndefined();
        // Of alternatives, each key may be one of another branch.
        else if (!JSON.stringify(inputSchema).includes("anyOf"))
          expect(found).toMatchObject({ code: "PARAMS_INVALID" });
        if (found === undefined) passed++;
        else refused++;
      }),
      { numRuns: 300 },
    );
    expect(Math.min(refused, passed)).toBeGreaterThan(15);
  });

  it("takes bounded work, whatever a schema refers to", () => {
    const circle: JsonObject = { allOf: [{ $ref: "#" }], anyOf: [{ $ref: "#" }, { $ref: "#" }, { $ref: "#" }] };
    expect(refusal(circle, { a: 1 })).toMatchObject({ detail: expect.stringContaining("too intricate") });
    expect(refusal(circle, { a: 1 }, false)).toBeUndefined();
    const many = Array.from({ length: 60 }, (_, at) => ({ properties: { [`p${at % 7}`]: { $ref: "#" } } }));
    const wide: JsonObject = { anyOf: many, patternProperties: { "^x": { anyOf: [...many] } } };
    expect(refusal(wide, { x: { x: 1, p1: { P1: 1 } } }, false)).toMatchObject({ code: "KEYS_AMBIGUOUS" });
    const branch: JsonObject = { properties: { a: { $ref: "#" } }, additionalProperties: false };
    const tree: JsonObject = {
      anyOf: [branch, branch, { properties: { a: { $ref: "#" } }, additionalProperties: false }],
    };
    let deep: JsonObject = {};
    for (let level = 0; level < 60; level++) deep = { a: deep };
    expect(refusal(tree, deep)).toMatchObject({ detail: expect.stringContaining("too intricate") });
    for (const names of [
      ["\ufdfa".repeat(300)],
      Array.from({ length: 300 }, (_, at) => `${at}${"\ufdfa".repeat(100)}`),
    ]) {
      const endless: JsonObject = { properties: Object.fromEntries(names.map((name) => [name, text])) };
      expect(refusal(endless, { a: 1 }, false)).toMatchObject({ detail: expect.stringContaining("too intricate") });
    }
    const rows = Array.from({ length: 20_000 }, () => ({ a: 1, b: 2, c: 3, d: 4 }));
    const table = closed({ rows: { items: closed({ a: text, b: text, c: text, d: text }) } });
    expect(refusal(table, { rows })).toBeUndefined();
  });
});

/** A schema to refer to, in which no reference leads back to itself for the same value. */
function closedOrRef(schema: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> {
  return schema.filter((shared) => !besides(shared).includes("#/$defs/d"));
}

function besides(schema: Json): string {
  if (!isObject(schema)) return "";
  const { allOf, anyOf, $ref } = schema;
  const branches = [allOf, anyOf].flatMap((list) => (Array.isArray(list) ? list : []));
  return `${String($ref)}${branches.map(besides).join("")}`;
}
