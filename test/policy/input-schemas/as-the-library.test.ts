import { Ajv, type Options } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../src/core/json.ts";
import { createInputSchemas } from "../../../src/policy/input-schemas/input-schemas.ts";

/*
 * What is validated by is a copy of a schema, with costs, patterns and a uniqueItems of its own in it. On schemas of all
 * keywords that are copied it says the same as the library does of the schema itself.
 */

const NAMES = ["a", "b", "ab", "a/b", "c~d", "constructor"];
// Of these ECMA-262 and RE2 say the same.
const PATTERNS = ["^a", "b$", "^[a-c]+$", "\\d", "^.{2}$", "(?:ab)*c?", "\\u0061", "^$", "^\\S"];
const name = fc.constantFrom(...NAMES);
const number = fc.constantFrom(-1, 0, 0.5, 1, 1.5, 2, 3, 6, 1e21);
const count = fc.integer({ min: 0, max: 3 });

const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(
      number,
      fc.constantFrom("", "a", "b", "ab", "abc", "1", "\u{1f600}", "\u00e9\u00e9", "constructor"),
      fc.constantFrom(null, true, false),
    ),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(name, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
}));
const object = fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true });
/** Of each kind, the same thing more than once. */
const shaped = fc.oneof(
  number,
  fc.constantFrom("", "a", "b", "ab", "abc", "1", "\u{1f600}", "\u00e9\u00e9"),
  fc.array(fc.constantFrom<Json[]>(0, 1, "a", "ab", null, true, [], { a: 1 }, { b: 1, a: 1 }), { maxLength: 4 }),
  fc.dictionary(name, fc.constantFrom<Json[]>(0, 1, "a", null, {}), { maxKeys: 3, noNullPrototype: true }),
  fc.constantFrom(null, true),
);

const TYPES = ["string", "number", "integer", "boolean", "null", "array", "object"];
const PLAIN = {
  type: fc.oneof(fc.constantFrom(...TYPES), fc.uniqueArray(fc.constantFrom(...TYPES), { minLength: 1, maxLength: 3 })),
  enum: fc.uniqueArray(value, {
    minLength: 1,
    maxLength: 3,
    comparator: (one, other) => JSON.stringify(one) === JSON.stringify(other),
  }),
  const: value,
  required: fc.uniqueArray(name, { maxLength: 2 }),
  pattern: fc.constantFrom(...PATTERNS),
  multipleOf: fc.constantFrom(0.5, 1, 2, 3),
  uniqueItems: fc.boolean(),
  maximum: number,
  exclusiveMaximum: number,
  minimum: number,
  exclusiveMinimum: number,
  maxLength: count,
  minLength: count,
  maxItems: count,
  minItems: count,
  maxProperties: count,
  minProperties: count,
  // None of these refuses anything.
  title: fc.constantFrom("a", "b"),
  default: value,
  format: fc.constantFrom("date", "email", "odd"),
  "x-cost": number,
};

type Schemas = fc.Arbitrary<Json>;
const keyed = (keys: fc.Arbitrary<string>, each: fc.Arbitrary<unknown>, maxKeys = 2) =>
  fc.dictionary(keys, each, { maxKeys, noNullPrototype: true });
const names = keyed(name, fc.uniqueArray(name, { maxLength: 2 }));

/** Keywords with schemas below them, those of both dialects: what one does not know it passes over. */
function keywordsAbove(schema: Schemas, references: readonly string[]): Record<string, fc.Arbitrary<unknown>> {
  const list = fc.array(schema, { minLength: 1, maxLength: 3 });
  const ones = ["additionalProperties", "unevaluatedProperties", "additionalItems", "unevaluatedItems", "contains"];
  const more = ["propertyNames", "not", "if", "then", "else"];
  return {
    ...Object.fromEntries([...ones, ...more].map((keyword) => [keyword, schema])),
    ...Object.fromEntries(["allOf", "anyOf", "oneOf", "prefixItems"].map((keyword) => [keyword, list])),
    properties: keyed(name, schema, 3),
    patternProperties: keyed(fc.constantFrom(...PATTERNS), schema),
    dependentSchemas: keyed(name, schema),
    dependentRequired: names,
    dependencies: fc.oneof(names, keyed(name, schema)),
    minContains: count,
    maxContains: count,
    $ref: fc.constantFrom(...references),
  };
}

type Dialect = "2020-12" | "draft-07";
const DIALECTS = {
  "2020-12": { definitions: "$defs", anchored: { $anchor: "here" }, here: "#here", own: {} },
  "draft-07": {
    definitions: "definitions",
    anchored: {},
    here: "#/definitions/ab",
    own: { $schema: "http://json-schema.org/draft-07/schema#" },
  },
} as const;

const ofMembers = (members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<JsonObject> =>
  fc
    .tuple(...Object.entries(members).map(([key, each]) => each.map((it) => [key, it] as const)))
    .map((all) => Object.fromEntries(all) as JsonObject);
const pick = <Value>(from: Readonly<Record<string, Value>>, keys: readonly string[]): Record<string, Value> =>
  Object.fromEntries(Object.entries(from).filter(([key]) => keys.includes(key)));
const someOf = (keywords: Record<string, fc.Arbitrary<unknown>>, maxLength: number): fc.Arbitrary<JsonObject> =>
  fc
    .uniqueArray(fc.constantFrom(...Object.keys(keywords)), { maxLength })
    .chain((chosen) => ofMembers(pick(keywords, chosen)))
    // Of an empty list after another one the library says something else by contains alone, and is wrong.
    .map((schema) => ("contains" in schema && schema["minContains"] !== 0 ? { ...schema, minItems: 1 } : schema));

const referencesOf = ({ definitions, here }: (typeof DIALECTS)[Dialect]): readonly string[] => [
  ...["#", `#/${definitions}/a`, `#/${definitions}/a~1b`],
  here,
];

/** A few keywords of all, each with a value that it may have, and three definitions to refer to. */
function schemaOf(dialect: Dialect): fc.Arbitrary<JsonObject> {
  const { definitions, anchored, own } = DIALECTS[dialect];
  const references = referencesOf(DIALECTS[dialect]);
  const { schema } = fc.letrec<{ schema: Json; items: Json }>((tie) => {
    const list = fc.array(tie("schema"), { minLength: 1, maxLength: 2 });
    return {
      // A list is one of draft-07 alone.
      items: dialect === "draft-07" ? fc.oneof(tie("schema"), list) : tie("schema"),
      schema: fc.oneof(
        { depthSize: "small", withCrossShrink: true, maxDepth: 3 },
        fc.oneof({ weight: 1, arbitrary: fc.boolean() }, { weight: 4, arbitrary: someOf(PLAIN, 2) }),
        someOf({ ...PLAIN, ...keywordsAbove(tie("schema"), references), items: tie("items") }, 4),
      ),
    };
  });
  const parts = someOf({ ...PLAIN, ...keywordsAbove(schema, references), items: schema }, 4);
  return fc.tuple(parts, schema, schema, parts).map(([root, one, other, third]) => ({
    ...own,
    ...root,
    [definitions]: { a: one, "a/b": other, ab: { ...anchored, ...third } },
  }));
}

/** What a keyword says nothing without. */
const BESIDE: Readonly<Record<Dialect, ReadonlyMap<string, readonly string[]>>> = {
  "2020-12": new Map([
    ["then", ["if"]],
    ["else", ["if"]],
    ["minContains", ["contains"]],
    ["maxContains", ["contains"]],
    ["unevaluatedItems", ["prefixItems"]],
    ["unevaluatedProperties", ["anyOf"]],
  ]),
  "draft-07": new Map([
    ["then", ["if"]],
    ["else", ["if"]],
    ["additionalItems", ["tuple"]],
  ]),
};

/** An argument for each keyword, of its name, with nothing but that and what it needs. */
function eachKeyword(dialect: Dialect): fc.Arbitrary<JsonObject> {
  const { definitions, own } = DIALECTS[dialect];
  const plain = fc.oneof(fc.boolean(), someOf(pick(PLAIN, ["type", "const", "minimum", "required", "maxLength"]), 1));
  const keywords = { ...PLAIN, ...keywordsAbove(plain, [`#/${definitions}/a`]), items: plain };
  const tuple = fc.array(plain, { minLength: 1, maxLength: 2 });
  const all = Object.keys(keywords).map((keyword): [string, fc.Arbitrary<JsonObject>] => {
    const beside = BESIDE[dialect].get(keyword) ?? [];
    const members = pick(keywords, [keyword, ...beside]);
    return [keyword, ofMembers(beside.includes("tuple") ? { ...members, items: tuple } : members)];
  });
  return fc
    .tuple(ofMembers(Object.fromEntries(all)), plain)
    .map(([properties, a]) => ({ ...own, properties, [definitions]: { a } }));
}

const OPTIONS: Options = {
  strict: false,
  // A schema that refers to itself at the same value is without end, whatever else fails.
  allErrors: true,
  validateFormats: false,
  ownProperties: true,
  logger: false,
};

/** Know the schemas of schemas. */
const META = { "2020-12": new Ajv2020(OPTIONS), "draft-07": new Ajv(OPTIONS) };

/** What the library itself says of values by the schema as it is; nothing, where it finds no end. */
function library(schema: JsonObject, dialect: Dialect): (given: JsonObject) => "fits" | "misfits" | "unknown" {
  if (META[dialect].validateSchema(schema) !== true) throw new Error("The test has made a schema that is none.");
  const options = { ...OPTIONS, meta: false, validateSchema: false };
  const ajv = dialect === "2020-12" ? new Ajv2020(options) : new Ajv(options);
  return (given) => {
    try {
      // Compiled once. A reference to itself has no end even then.
      return ajv.validate(schema, given) === true ? "fits" : "misfits";
    } catch (error) {
      // Without end, or code of the library's that fails.
      if (error instanceof RangeError || error instanceof TypeError) return "unknown";
      throw error;
    }
  };
}

const schemas = createInputSchemas();

function expectTheSame(dialect: Dialect, schema: JsonObject, all: readonly JsonObject[]): void {
  const fitOf = library(schema, dialect);
  for (const given of all) expect([given, schemas.fit(schema, given).kind]).toEqual([given, fitOf(given)]);
}

describe("a copy of a schema says of arguments what the library says by the schema itself", () => {
  it.each<Dialect>(["2020-12", "draft-07"])("%s", (dialect) => {
    fc.assert(
      fc.property(schemaOf(dialect), fc.array(object, { minLength: 3, maxLength: 6 }), (schema, all) =>
        expectTheSame(dialect, schema, all),
      ),
      { numRuns: 150 },
    );
  });

  it.each<Dialect>(["2020-12", "draft-07"])("%s, by each keyword alone", (dialect) => {
    fc.assert(
      fc.property(eachKeyword(dialect), fc.array(shaped, { minLength: 20, maxLength: 20 }), (schema, values) => {
        const keywords = Object.keys(schema["properties"] as JsonObject);
        expectTheSame(
          dialect,
          schema,
          keywords.flatMap((keyword) => values.map((it) => ({ [keyword]: it }))),
        );
      }),
      { numRuns: 25 },
    );
  });
});
