import { readFileSync } from "node:fs";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/client/validators/ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { schemaFiles } from "../../scripts/schema-files.ts";
import { configJsonSchema, keysAt, schemaAt } from "../../src/config/schema/json-schema.ts";

describe("the JSON Schemas for editors", () => {
  it.each([...schemaFiles()].map(([url, text]) => [url.pathname.split("/").at(-1), url, text] as const))(
    "%s is what npm run schema writes",
    (_, url, text) => {
      expect(readFileSync(url, "utf8")).toBe(text);
    },
  );

  const validate = new AjvJsonSchemaValidator().getValidator({ ...configJsonSchema() });

  it.each([
    ["upstreams: { a: { command: x, timeout: 60s } }", true],
    [`upstreams: { a: { command: x, timeout: "\${T}", max_sessions: "\${N}", era: "\${E:-auto}" } }`, true],
    [`server: { port: "\${PORT}" }`, true],
    [`auth: { jwt: [{ issuer: "\${I}", audience: "\${A}", require_typ: "\${R}" }] }`, true],
    ["upstreams: { a: {} }", false],
    ["upstreams: { a: { command: x, url: y } }", false],
    ["upstreams: { a: { command: x, timeout: 60 } }", false],
    ["upstreams: { a: { comand: x } }", false],
    [`upstreams: { '\${NAME}': { command: x } }`, false],
    ['server: { port: "3000" }', false],
    ["errors: tools", false],
  ])("take %s: %s", (text, expected) => {
    expect(validate(parse(text)).valid).toBe(expected);
  });

  it("describe every key, so that editors can", () => {
    const root = configJsonSchema();
    const undescribed = (path: readonly string[]): string[] =>
      keysAt(root, path).flatMap((key) => {
        const here = [...path, key];
        const own = typeof schemaAt(root, here)?.["description"] === "string" ? [] : [here.join(".")];
        return [...own, ...undescribed(here), ...undescribed([...here, "*"])];
      });
    expect(undescribed([])).toEqual([]);
  });
});
