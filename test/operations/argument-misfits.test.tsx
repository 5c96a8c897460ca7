import { expect, it } from "vitest";
import { CallPanel } from "../../src/console/approvals/call-panel.tsx";
import type { RequestView } from "../../src/console/approvals/request-view.ts";
import { ExactNumber } from "../../src/core/exact-number.ts";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { argumentMisfits } from "../../src/operations/approvals/argument-misfits.ts";

const SCHEMA: Json = {
  type: "object",
  properties: { id: { type: "string" }, n: { type: "integer" }, more: { type: ["array", "null"] }, any: {} },
  required: ["id"],
  additionalProperties: false,
};

it.each<[given: JsonObject, misfits: readonly string[]]>([
  [{ id: "c-1", n: 2, more: null, any: { x: 1 } }, []],
  [{ id: "c-1", n: 2.5 }, ["n is not of the type integer."]],
  [{ id: 7, m: 1 }, ["id is not of the type string.", "m is no argument of this tool."]],
  [{ more: {} }, ["id is missing: the tool needs it.", "more is not of the type array or null."]],
  [JSON.parse('{"id":"x","__proto__":1}'), ["__proto__ is no argument of this tool."]],
])("%j", (given, misfits) => {
  expect(argumentMisfits(SCHEMA, given)).toEqual(misfits);
});

it("takes numbers by their value, not by how they are written", () => {
  const exact = { id: "x", n: new ExactNumber("1.0") as never };
  expect(argumentMisfits(SCHEMA, exact)).toEqual([]);
});

it.each<[why: string, schema: Json | undefined]>([
  ["no schema", undefined],
  ["a schema that is none", true],
  ["names by pattern", { additionalProperties: false, patternProperties: { "^x": {} } }],
  ["types that nobody knows", { properties: { x1: { type: "decimal" } } }],
  ["odd members", { properties: [], required: "x", additionalProperties: {} }],
])("says nothing where the schema says nothing plainly: %s", (_, schema) => {
  expect(argumentMisfits(schema, { x1: 1 })).toEqual([]);
});

it("is bounded", () => {
  const given = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`k${n}`, 1]));
  expect(argumentMisfits({ additionalProperties: false }, given)).toHaveLength(20);
});

it.each([
  ["that do not fit", { m: 1 }, true],
  ["that fit", { id: "x" }, false],
])("stands above the decision for arguments %s", (_, given, told) => {
  const request = {
    state: "pending",
    method: "tools/call",
    upstream: "crm",
    tool: "delete",
    argumentsRedacted: '{"m":1}',
  };
  const subject = { definition: { inputSchema: SCHEMA }, tool: "same", policies: [], policiesChanged: false };
  const view = {
    request,
    subject,
    arguments: given,
    misfits: argumentMisfits(SCHEMA, given),
  } as unknown as RequestView;
  expect(String(<CallPanel view={view} />).includes("do not fit what the tool says")).toBe(told);
});
