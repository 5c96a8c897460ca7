import { expect, it } from "vitest";
import { CallPanel } from "../../src/console/approvals/call-panel.tsx";
import type { RequestView } from "../../src/console/approvals/request-view.ts";

it.each([
  ["that do not fit", ["m is no argument of this tool."], true],
  ["that fit", [], false],
])("stands above the decision for arguments %s", (_, misfits, told) => {
  const request = {
    state: "pending",
    method: "tools/call",
    upstream: "crm",
    tool: "delete",
    argumentsRedacted: '{"m":1}',
  };
  const subject = { definition: {}, tool: "same", policies: [], policiesChanged: false };
  const view = { request, subject, arguments: { m: 1 }, misfits } as unknown as RequestView;
  expect(String(<CallPanel view={view} />).includes("do not fit what the tool says")).toBe(told);
});
