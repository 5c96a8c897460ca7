import { describe, expect, it } from "vitest";
import { type ArgumentField, argumentFields } from "../../../src/console/dry-run/argument-fields.ts";
import { readFormArguments } from "../../../src/console/dry-run/read-arguments.ts";
import type { Json, JsonObject } from "../../../src/core/json.ts";

/** Fields as `name: kind`, `*` where required, groups in braces. */
function sketch(fields: readonly ArgumentField[]): string {
  return fields
    .map(({ key, required, input }) => {
      const more =
        input.kind === "group"
          ? `{${sketch(input.fields)}}`
          : input.kind === "choice"
            ? `(${input.options.join("|")})`
            : input.kind === "list"
              ? ` of ${input.item}`
              : input.kind === "number" && input.integer
                ? " whole"
                : "";
      return `${key}${required ? "*" : ""}: ${input.kind}${more}`;
    })
    .join(", ");
}

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: "object", properties, ...more });

describe("a form made of a tool's schema", () => {
  it.each<[what: string, schema: Json | undefined, expected: string]>([
    [
      "simple types",
      object(
        { a: { type: "string" }, b: { type: "integer" }, c: { type: "number" }, d: { type: "boolean" } },
        { required: ["a", "c"] },
      ),
      "a*: text, b: number whole, c*: number, d: boolean",
    ],
    ["choices", object({ a: { enum: ["x", 2, null] }, b: { const: "only" } }), "a: choice(x|2|), b: choice(only)"],
    [
      "lists",
      object({
        a: { type: "array", items: { type: "string" } },
        b: { type: "array", items: { type: "integer" } },
        c: { type: "array", items: { type: "object" } },
        d: { type: "array" },
      }),
      "a: list of text, b: list of integer, c: json, d: json",
    ],
    [
      "objects, to a depth",
      object({ a: object({ b: object({ c: object({ d: { type: "string" } }) }) }) }),
      "a: group{b: group{c: json}}",
    ],
    ["objects without members", object({ a: { type: "object", additionalProperties: { type: "string" } } }), "a: json"],
    [
      "what may be null",
      object({ a: { type: ["string", "null"] }, b: { anyOf: [{ type: "integer" }, { type: "null" }] } }),
      "a: text, b: number whole",
    ],
    [
      "references",
      object(
        { a: { $ref: "#/$defs/money" }, b: { $ref: "#/$defs/gone" }, c: { $ref: "https://x.example/s" } },
        { $defs: { money: { type: "number" } } },
      ),
      "a: number, b: json, c: json",
    ],
    ["a reference to itself", object({ a: { $ref: "#/properties/a" } }), "a: json"],
    [
      "a schema in itself",
      object(
        { a: { $ref: "#" }, b: { $ref: "#/$defs/node" } },
        { $defs: { node: object({ next: { $ref: "#/$defs/node" } }) } },
      ),
      "a: json, b: group{next: group{next: json}}",
    ],
    [
      "alternatives",
      object({ a: { oneOf: [{ type: "string" }, { type: "number" }] }, b: { type: ["string", "number"] } }),
      "a: json, b: json",
    ],
    ["a wrapped root", { allOf: [object({ a: { type: "string" } })] }, "a: text"],
    ["no schema", undefined, ""],
    ["true", true, ""],
    ["an empty schema", {}, ""],
    ["alternatives at the root", { oneOf: [object({ a: {} }), object({ b: {} })] }, ""],
    ["members that are no schemas", object({ a: true, b: null, c: 5 }), "a: json, b: json, c: json"],
    ["odd keywords", object({ a: { type: 5, enum: {}, description: 7, title: "" } }, { required: "a" }), "a: json"],
    [
      "many choices",
      object({ a: { type: "string", enum: Array.from({ length: 201 }, (_, index) => `${index}`) } }),
      "a: text",
    ],
  ])("asks for %s", (_, schema, expected) => {
    expect(sketch(argumentFields(schema))).toBe(expected);
  });

  it("stays small, however many members a schema has", () => {
    const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`m${index}`, object({ x: {} })]));
    const count = (fields: readonly ArgumentField[]): number =>
      fields.reduce((sum, { input }) => sum + 1 + (input.kind === "group" ? count(input.fields) : 0), 0);
    expect(count(argumentFields(object(wide)))).toBe(100);
  });

  it("gives each field a name of its own, whatever the members are called", () => {
    const names = argumentFields(object({ "a/b": object({ c: {} }), a: object({ "b/c": {} }), '\ud800 "<': {} })).map(
      ({ name, input }) => [name, ...(input.kind === "group" ? input.fields.map((field) => field.name) : [])],
    );
    expect(names).toEqual([["arg/a%2Fb", "arg/a%2Fb/c"], ["arg/a", "arg/a/b%2Fc"], ["arg/%EF%BF%BD%20%22%3C"]]);
  });
});

const SCHEMA = object(
  {
    text: { type: "string" },
    number: { type: "number" },
    whole: { type: "integer" },
    flag: { type: "boolean" },
    pick: { enum: ["x", false, null] },
    tags: { type: "array", items: { type: "string" } },
    sizes: { type: "array", items: { type: "integer" } },
    who: object({ name: { type: "string" } }),
    must: object({ name: { type: "string" } }),
    any: {},
  },
  { required: ["must"] },
);

function read(values: Readonly<Record<string, string>>) {
  const result = readFormArguments(argumentFields(SCHEMA), { text: (name) => values[name] ?? "" });
  return result.ok ? result.args : [...result.errors.keys()].sort();
}

describe("arguments read from a form", () => {
  it.each<[values: Readonly<Record<string, string>>, expected: object]>([
    [{}, { must: {} }],
    [
      { "arg/text": " a ", "arg/number": "-1.5e2", "arg/whole": " 12 " },
      { text: " a ", number: expect.objectContaining({ nearest: -150, text: "-1.5e2" }), whole: 12, must: {} },
    ],
    [
      { "arg/flag": "false", "arg/pick": "1" },
      { flag: false, pick: false, must: {} },
    ],
    [
      { "arg/pick": "2", "arg/tags": "a\n\n b", "arg/sizes": "1\n2" },
      { pick: null, tags: ["a", " b"], sizes: [1, 2], must: {} },
    ],
    [
      { "arg/who/name": "Ann", "arg/any": '{"x":[1]}' },
      { who: { name: "Ann" }, any: { x: [1] }, must: {} },
    ],
    [
      { "arg/text": "a", args_json: '{"text": "b", "more": {"constructor": 1}}' },
      { text: "b", more: { constructor: 1 }, must: {} },
    ],
  ])("%j", (values, expected) => {
    expect(read(values)).toEqual(expected);
  });

  it.each<[values: Readonly<Record<string, string>>, fields: readonly string[]]>([
    [{ "arg/number": "12,5", "arg/whole": "1.5" }, ["arg/number", "arg/whole"]],
    [{ "arg/number": "0x10" }, ["arg/number"]],
    [{ "arg/whole": "9007199254740993" }, ["arg/whole"]],
    [{ "arg/number": "1e999" }, ["arg/number"]],
    [{ "arg/sizes": "1\nx" }, ["arg/sizes"]],
    [{ "arg/flag": "yes", "arg/pick": "3" }, ["arg/flag", "arg/pick"]],
    [{ "arg/any": "{x:1}" }, ["arg/any"]],
    [{ args_json: "[1]" }, ["args_json"]],
    [{ args_json: '{"__proto__": {}}' }, ["args_json"]],
    [{ args_json: `{"a":${"[".repeat(70)}${"]".repeat(70)}}` }, ["args_json"]],
  ])("%j is not to be understood", (values, fields) => {
    expect(read(values)).toEqual(fields);
  });
});
