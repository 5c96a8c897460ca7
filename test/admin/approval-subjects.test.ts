import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { approvalListSchema } from "../../src/admin/approvals/schema.ts";
import { facts } from "../../src/approvals/notify/wording.ts";
import { approvalLine, approvalTable, approvalText } from "../../src/commands/approvals/text.ts";
import { SCREEN } from "../../src/commands/approvals/tree.ts";
import { callName } from "../../src/console/approvals/request-table.tsx";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import type { DecidedMethod } from "../../src/core/subject.ts";
import { APPROVALS_CONFIG, askFor, people } from "../support/approval-people.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { notice } from "../support/notices.ts";
import { send } from "../support/raw-mcp.ts";

/** Three requests about three kinds of things of one name, and a resource whose URI holds a secret. */
const SECRET = "hunter2-and-more";
const URI = `https://ann:${SECRET}@crm.example/summary`;
const ASKS: readonly [method: DecidedMethod, tool: string][] = [
  ["tools/call", "summary"],
  ["prompts/get", "summary"],
  ["resources/read", "summary"],
  ["resources/read", URI],
];

let gateway: TestGateway;
let requests: readonly ApprovalRequest[];

beforeAll(async () => {
  gateway = await startTestGateway(APPROVALS_CONFIG);
  const asks = ASKS.map(([method, tool]) =>
    askFor(gateway, { method, tool, arguments: method === "resources/read" ? { uri: tool } : { n: 1 } }),
  );
  requests = await Promise.all(asks);
});
afterAll(() => gateway.close());

async function list(query: string) {
  const port = Number(new URL(gateway.url).port);
  const path = `/api/v1/approvals?${query}`;
  const headers = { Authorization: people.bearer("root").authorization };
  const answer = await send(port, { method: "GET", path, headers });
  return { text: answer.text, ...approvalListSchema.parse(answer.json) };
}

describe("a request for approval", () => {
  it.each([
    ["", ["tool summary", "prompt summary", "resource summary", "resource https://[redacted]@crm.example/summary"]],
    ["tool=summary", ["tool summary"]],
    ["tool=expenses/summary", ["tool summary"]],
    ["subject=summary", ["tool summary", "prompt summary", "resource summary"]],
    ["method=prompts/get", ["prompt summary"]],
    ["method=tools/call", ["tool summary"]],
    ["method=resources/read&subject=summary", ["resource summary"]],
  ])("is found by what it is about: %s", async (query, found) => {
    const { items } = await list(query);
    expect(items.map(({ subject }) => `${subject.kind} ${subject.name}`).sort()).toEqual([...found].sort());
  });

  it("says what it is about, and names a tool only where it is one", async () => {
    const { items, text } = await list("");
    for (const { method, tool, subject } of items) expect(tool).toBe(method === "tools/call" ? subject.name : null);
    expect(text).not.toContain(SECRET);
  });

  it("is shown with its kind in the terminal, in the console and to those who are told of it", async () => {
    const { items } = await list("method=prompts/get");
    const options = { paint: (_colour: unknown, text: string) => text, now: Date.now(), command: "portcullis" };
    expect(approvalTable(items, options)).toMatch(/SUBJECT[\s\S]*prompt expenses\/summary/);
    for (const item of items) {
      expect(approvalLine(item, options)).toContain("asks for prompt expenses/summary");
      expect(approvalText(item, options, SCREEN)).toMatch(/Prompt +expenses\/summary/);
    }
    expect(requests.map(callName)).toEqual([
      "expenses/summary",
      "prompt expenses/summary",
      "resource expenses/summary",
      "resource expenses/https://[redacted]@crm.example/summary",
    ]);
    const labels = ASKS.map(([method]) => facts(notice({ method }))[0]?.label);
    expect(labels).toEqual(["Tool", "Prompt", "Resource", "Resource"]);
  });
});
