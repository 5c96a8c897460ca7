import { expect, it } from "vitest";
import { fieldsOf, readRegistration } from "../../../src/console/upstreams/read-registration.ts";

const formOf = (fields: readonly (readonly [string, string])[]) => {
  const all = (name: string) => fields.filter(([key]) => key === name).map(([, value]) => value);
  return { all, text: (name: string) => all(name)[0] ?? "" };
};
const form = (fields: Readonly<Record<string, string>>, headers: readonly (readonly [string, string])[] = []) =>
  formOf([
    ...Object.entries({ name: "crm", url: "https://crm.test/mcp", type: "http", ...fields }),
    ...headers.flatMap(([name, value]) => [["header_name", name] as const, ["header_value", value] as const]),
  ]);
const tools = { allow: [], deny: [] };
const remote = { url: "https://crm.test/mcp", type: "http" };

it.each([
  ["an address alone", form({}), { ...remote, tools }],
  [
    "all of its fields",
    form({ type: "sse", timeout: " 5s ", isolation: "shared", allow: "a\n b ,c\n\n", deny: "d" }, [
      ["", ""],
      [" X-Key ", " secret "],
    ]),
    {
      ...{ url: "https://crm.test/mcp", type: "sse", headers: { "X-Key": " secret " } },
      ...{ timeout: "5s", isolation: "shared", tools: { allow: ["a", "b", "c"], deny: ["d"] } },
    },
  ],
  [
    "JSON, which counts",
    form({ timeout: "5s", entry: '{"timeout":"9s","era":"modern"}' }),
    { ...remote, tools, timeout: "9s", era: "modern" },
  ],
  ["a program", form({ url: "", entry: '{"command":"node"}' }), { tools, command: "node" }],
  ["a program, whatever the address", form({ entry: '{"command":"node"}' }), { tools, command: "node" }],
])("an entry is made of %s", (_, given, entry) => {
  expect(readRegistration(given)).toEqual({ ok: true, entry });
});

it.each([
  ["a header without a name", form({}, [["", "secret"]]), "headers"],
  ["a header without a value", form({}, [["X-Key", ""]]), "headers"],
  [
    "a header twice",
    form({}, [
      ["X-Key", "a"],
      ["x-key", "b"],
    ]),
    "headers",
  ],
  ["JSON that is none", form({ entry: "{" }), "entry"],
  ["JSON that is no object", form({ entry: "[1]" }), "entry"],
])("%s is a mistake of its field", (_, given, at) => {
  const read = readRegistration(given);
  expect(read.ok ? [] : read.mistakes.map((mistake) => mistake.at)).toEqual([at]);
});

it("a header's value is not among what is shown again", () => {
  const fields = fieldsOf(form({}, [["X-Key", "canary"]]));
  expect(JSON.stringify(fields)).toContain("X-Key");
  expect(JSON.stringify(fields)).not.toContain("canary");
});
