import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { createArgumentCheck } from "../../src/gateway/argument-check.ts";

const check = createArgumentCheck();

function refusal(inputSchema: JsonObject, args: JsonObject, closed = true) {
  return check({ name: "t", inputSchema }, args, closed);
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
    expect(refusal(circle, { a: 1 }, false)).toMatchObject({ detail: expect.stringContaining("too intricate") });
    const branch: JsonObject = { properties: { a: { $ref: "#" } }, additionalProperties: false };
    const tree: JsonObject = {
      anyOf: [branch, branch, { properties: { a: { $ref: "#" } }, additionalProperties: false }],
    };
    let deep: JsonObject = {};
    for (let level = 0; level < 60; level++) deep = { a: deep };
    expect(refusal(tree, deep)).toMatchObject({ detail: expect.stringContaining("too intricate") });
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
