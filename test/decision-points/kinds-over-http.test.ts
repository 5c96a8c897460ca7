import { afterEach, describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import { parseExact } from "../../src/core/exact-json.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { SubjectKind } from "../../src/core/subject.ts";
import { createDecisionPoints } from "../../src/decision-points/create-decision-points.ts";
import type { PointAnswer } from "../../src/decision-points/decision-points.ts";
import type { PolicyInput } from "../../src/policy/policy-set.ts";
import { type AskedQuestion, answerJson, type PointServer, startPointServer } from "../support/point-server.ts";
import { policyInput } from "../support/policy-inputs.ts";

const open: Array<{ close(): Promise<void> }> = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

type Kind = "authzen" | "extAuthz";

async function ask(kind: Kind, server: PointServer, input: PolicyInput = policyInput()): Promise<PointAnswer> {
  const options = { url: `${server.url}/base/`, headers: { "X-Key": "k" }, timeoutMs: 30_000, maxBytes: 4096 };
  const points = createDecisionPoints([{ name: "p", [kind]: options }]);
  open.push(points);
  return points.ask("p", input, new Cancellation());
}

async function answering(status: number, body: string, type = "application/json"): Promise<PointServer> {
  const server = await startPointServer((response) => answerJson(response, body, status, { "content-type": type }));
  open.push(server);
  return server;
}

function about(kind: SubjectKind, name: string, method: string): PolicyInput {
  const input = policyInput({ request: { method, endpoint: "finance", headers: { "x-tenant": "acme" } } });
  return { ...input, subject: { kind, upstream: "docs", name, definition: {} } };
}

const bodyOf = (question: AskedQuestion | undefined): unknown => JSON.parse(question?.body ?? "null");
const error = (text: string): object => ({ kind: "error", error: expect.stringContaining(text) });
const deny = (reason?: string): object => ({ kind: "deny", reason });

describe("a decision point of AuthZEN", () => {
  it.each([
    ["tool", "search", "tools/call", { upstream: "docs", name: "search" }],
    ["prompt", "summary", "prompts/get", { upstream: "docs", name: "summary" }],
    ["resource", "file:///a", "resources/read", { upstream: "docs", uri: "file:///a" }],
  ] as const)("evaluates the use of a %s", async (kind, name, method, properties) => {
    const server = await answering(200, '{"decision":true}');
    expect(await ask("authzen", server, about(kind, name, method))).toEqual({ kind: "allow" });
    const [question] = server.asked;
    expect(question).toMatchObject({ method: "POST", path: "/base/access/v1/evaluation" });
    expect(question?.headers).toMatchObject({ "x-key": "k", "x-request-id": "call_1" });
    expect(bodyOf(question)).toEqual({
      subject: { type: "identity", id: "u-1" },
      action: { name: method },
      resource: { type: kind, id: `docs/${name}`, properties },
      context: { agent: "agent" },
    });
  });

  it("tells people of two issuers apart, and names no agent where none is verified", async () => {
    const server = await answering(200, '{"decision":true}');
    const principal = { issuer: "https://other.example", home: false };
    await ask("authzen", server, policyInput({ principal, client: { id: undefined } }));
    expect(bodyOf(server.asked[0])).toMatchObject({ subject: { id: "https://other.example|u-1" }, context: {} });
  });

  it.each<[string, object]>([
    ['{"decision":false}', deny()],
    ['{"decision":false,"context":{"reason":"Not yours."}}', deny("Not yours.")],
    [
      '{"decision":false,"context":{"reason_admin":{"403":"Policy C076."},"reason_user":{"en":"No."}}}',
      deny("Policy C076."),
    ],
    ['{"decision":false,"context":{"reason":7}}', deny()],
    ['{"decision":true,"context":{"reason":"fine","obligations":[]}}', { kind: "allow" }],
    ['{"decision":true,"context":{"obligations":[{"id":"log"}]}}', error("obligations")],
    ['{"decision":true,"context":{"obligations":true}}', error("obligations")],
    ['{"decision":true,"context":[]}', error("context")],
    ['{"decision":"true"}', error("decision")],
    ['{"decision":1}', error("decision")],
    ['{"decision":null}', error("decision")],
    ['{"Decision":true}', error("decision")],
    ['{"evaluations":[{"decision":true}]}', error("decision")],
    ['{"decision":false,"decision":true}', error("twice")],
    ["{}", error("decision")],
  ])("answers %s", async (body, means) => {
    expect(await ask("authzen", await answering(200, body))).toEqual(means);
  });

  it.each([201, 302, 400, 401, 403, 404, 500])("says nothing with status %d", async (status) => {
    expect(await ask("authzen", await answering(status, '{"decision":true}'))).toEqual(error(`status ${status}`));
  });
});

describe("an ext_authz service over HTTP", () => {
  it("gets the request as its server gets it, and who calls in headers that nothing can break", async () => {
    const server = await answering(200, "");
    const args = parseExact('{"n":9007199254740993}') as JsonObject;
    const input = policyInput({
      arguments: args,
      principal: { subject: "ann\r\nx-evil: 1,é", roles: ["a,b", "c"], groups: [] },
      request: { endpoint: "finance", headers: { "x-tenant": "acme", authorization: "Bearer t", cookie: "c=1" } },
    });
    expect(await ask("extAuthz", server, input)).toEqual({ kind: "allow" });
    const [question] = server.asked;
    expect(question).toMatchObject({ method: "POST", path: "/base/mcp/finance" });
    expect(question?.body).toBe(
      '{"jsonrpc":"2.0","id":"call_1","method":"tools/call","params":{"name":"create_expense","arguments":{"n":9007199254740993}}}',
    );
    expect(question?.headers).toMatchObject({
      "x-key": "k",
      "x-tenant": "acme",
      "x-portcullis-user": "ann%0D%0Ax-evil:%201%2C%C3%A9",
      "x-portcullis-roles": "a%2Cb,c",
      "x-portcullis-upstream": "expenses",
    });
    expect(question?.headers).not.toHaveProperty("authorization");
    expect(question?.headers).not.toHaveProperty("cookie");
    expect(question?.headers).not.toHaveProperty("x-evil");
  });

  it("cannot be told by a request who calls", async () => {
    const server = await answering(200, "");
    const headers = { "x-portcullis-user": "root", "x-portcullis-roles": "cfo", "x-key": "z" };
    await ask("extAuthz", server, policyInput({ request: { headers }, principal: { unread: ["roles"] } }));
    expect(server.asked[0]?.headers).not.toHaveProperty("x-portcullis-roles");
    expect(server.asked[0]?.headers).toMatchObject({ "x-portcullis-user": "u-1", "x-key": "k" });
  });

  it.each<[number, string, string, object]>([
    [401, "Sign in.", "text/plain", deny("Sign in.")],
    [403, "No.", "text/plain; charset=utf-8", deny("No.")],
    [403, "<b>No.</b>", "text/html", deny()],
    [403, "", "text/plain", deny()],
    [201, "", "text/plain", error("status 201")],
    [204, "", "text/plain", error("status 204")],
    [302, "", "text/plain", error("status 302")],
    [400, "", "text/plain", error("status 400")],
    [404, "", "text/plain", error("status 404")],
    [429, "", "text/plain", error("status 429")],
    [500, "", "text/plain", error("status 500")],
  ])("answers with %d %j", async (status, body, type, means) => {
    expect(await ask("extAuthz", await answering(status, body, type))).toEqual(means);
  });

  it("is not asked with headers that its server would refuse", async () => {
    const server = await answering(200, "");
    const roles = Array.from({ length: 2_000 }, (_, index) => `role-${index}`);
    expect(await ask("extAuthz", server, policyInput({ principal: { roles } }))).toEqual(error("too long for headers"));
    expect(server.asked).toEqual([]);
  });
});
