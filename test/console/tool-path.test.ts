import { expect, it } from "vitest";
import { toolAt, toolPath } from "../../src/console/tool-path.ts";

const view = (tool: string) => ({
  upstream: "crm",
  tool,
  name: "n",
  digest: "d1",
  definition: {},
  repairs: [],
  policies: [],
});

it.each([
  ["list", "/console/tools/crm/list"],
  ["a/b c?d#e%2F&f", "/console/tools/crm/a%2Fb%20c%3Fd%23e%252F%26f"],
  ["<script>", "/console/tools/crm/%3Cscript%3E"],
  ["grüße 👋", "/console/tools/crm/gr%C3%BC%C3%9Fe%20%F0%9F%91%8B"],
  ["...", "/console/tools/crm/..."],
  [".", "/console/tools/crm?digest=d1"],
  ["..", "/console/tools/crm?digest=d1"],
  ["half \ud800", "/console/tools/crm?digest=d1"],
  ["n".repeat(501), "/console/tools/crm?digest=d1"],
])("the page of a tool called %j is at %s", (tool, path) => {
  expect(toolPath(view(tool))).toBe(path);
  // Browsers take it as it is: nothing in it is a step to another place.
  expect(new URL(path, "http://gateway.test").href).toBe(`http://gateway.test${path}`);
});

it("a tool is found by name or digest, on its own upstream", () => {
  const tools = [view("list")];
  expect(toolAt(tools, "crm", { tool: "list" })).toBe(tools[0]);
  expect(toolAt(tools, "crm", { digest: "d1" })).toBe(tools[0]);
  expect(toolAt(tools, "other", { tool: "list" })).toBeUndefined();
  expect(toolAt(tools, "crm", { tool: "d1" })).toBeUndefined();
});
