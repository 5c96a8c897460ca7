import { Server, ServerCredentials, type ServiceDefinition, status } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import type { GuardPhase } from "../../src/core/decision.ts";
import { parseExact } from "../../src/core/exact-json.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createGuards, type OpenGuards } from "../../src/guards/create-guards.ts";
import { EXT_MCP, extMcpProtocol } from "../../src/guards/ext-mcp-protocol.ts";
import type { GuardAnswer } from "../../src/guards/guards.ts";
import { createInputSchemas } from "../../src/policy/input-schemas/input-schemas.ts";
import type { PolicyInput } from "../../src/policy/policy-set.ts";
import { policyInput } from "../support/policy-inputs.ts";

interface Call {
  readonly request: Record<string, unknown> & { readonly mcp_request?: Buffer; readonly mcp_response?: Buffer };
}
type Reply = (error: { code: number; details: string } | null, answer?: object) => void;

const LIMIT = 64 * 1024;
const asked: { readonly path: string; readonly request: Call["request"] }[] = [];
let answer: (reply: Reply) => void = () => {};
let port = 0;
const server = new Server();
const opened: OpenGuards[] = [];

beforeAll(async () => {
  const handle = (path: string) => (call: Call, reply: Reply) => {
    asked.push({ path, request: call.request });
    answer(reply);
  };
  server.addService(
    extMcpProtocol()[EXT_MCP] as ServiceDefinition,
    {
      CheckRequest: handle("request"),
      CheckResponse: handle("response"),
    } as never,
  );
  port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
});
afterEach(() => {
  asked.length = 0;
  for (const guards of opened.splice(0)) guards.close();
});
afterAll(() => server.forceShutdown());

function check(
  content: JsonObject,
  phase: GuardPhase = "request",
  { input = policyInput(), timeoutMs = 20_000, at = port, cancellation = new Cancellation() } = {},
): Promise<GuardAnswer> {
  const extMcp = { grpc: `127.0.0.1:${at}`, tls: false, timeoutMs, maxBytes: LIMIT };
  const guards = createGuards([{ name: "g", webhook: undefined, extMcp, mcp: undefined }], {
    inputSchemas: createInputSchemas(),
    upstreams: { get: () => undefined },
    now: Date.now,
  });
  opened.push(guards);
  return guards.check("g", phase, input, content, cancellation);
}

const resource = (): PolicyInput => {
  const input = policyInput();
  const subject = { kind: "resource", name: "file:///a", upstream: "files", definition: {} } as const;
  return { ...input, subject, request: { ...input.request, method: "resources/read", headers: { "x-a": "b" } } };
};

const mutated = (value: unknown) => ({
  mutated: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
});

describe("a server that speaks ExtMcp", () => {
  it("gets the params of a call, with all digits", async () => {
    answer = (reply) => reply(null, { pass: {} });
    expect(await check(parseExact('{"n":1.10}') as JsonObject)).toEqual({ kind: "pass", labels: [] });
    const [{ path, request } = { path: "", request: {} as Call["request"] }] = asked;
    expect(path).toBe("request");
    expect(request).toMatchObject({ service_names: ["expenses"], method: "tools/call" });
    expect(request.mcp_request?.toString()).toBe('{"name":"create_expense","arguments":{"n":1.10}}');
    const fields = (request["metadata_context"] as { fields: Record<string, unknown> }).fields;
    expect(Object.keys(fields)).toEqual(["user", "client", "tool", "request"]);
    expect(JSON.stringify(fields)).toContain('"email":{"stringValue":"ann@example.com"');
  });

  it("gets the URI of a resource, and the headers that policies may see", async () => {
    answer = (reply) => reply(null, { pass: {} });
    await check({}, "request", { input: resource() });
    expect(asked[0]?.request).toMatchObject({
      method: "resources/read",
      headers: [{ key: "x-a", value: Buffer.from("b") }],
    });
    expect(asked[0]?.request.mcp_request?.toString()).toBe('{"uri":"file:///a"}');
  });

  it("gets results as they are", async () => {
    answer = (reply) => reply(null, { pass: {} });
    await check({ content: [] }, "result");
    expect(asked[0]?.path).toBe("response");
    expect(asked[0]?.request.mcp_response?.toString()).toBe('{"content":[]}');
  });

  it.each<[object, GuardPhase, GuardAnswer]>([
    [
      { error: { code: "PERMISSION_DENIED", reason: "No\u202e." } },
      "request",
      { kind: "deny", message: "No[U+202E].", labels: [] },
    ],
    [{ error: {} }, "result", { kind: "deny", message: undefined, labels: [] }],
    [
      mutated({ name: "create_expense", arguments: { a: 1 } }),
      "request",
      { kind: "replace", content: { a: 1 }, labels: [] },
    ],
    [mutated({ name: "create_expense" }), "request", { kind: "replace", content: {}, labels: [] }],
    [mutated({ content: [] }), "result", { kind: "replace", content: { content: [] }, labels: [] }],
    [{ pass: {}, header_mutation: { remove: ["x"] } }, "request", { kind: "pass", labels: [] }],
  ])("answers %j", async (said, phase, expected) => {
    answer = (reply) => reply(null, said);
    expect(await check({}, phase)).toEqual(expected);
  });

  it.each<[why: string, said: object, phase?: GuardPhase]>([
    ["nothing", {}],
    ["pass and error", { pass: {}, error: { reason: "no" } }],
    ["another tool", mutated({ name: "delete_all", arguments: {} })],
    ["no tool", mutated({ arguments: {} })],
    ["more than arguments", mutated({ name: "create_expense", arguments: {}, task: {} })],
    ["arguments that are a list", mutated({ name: "create_expense", arguments: [] })],
    ["no JSON", mutated("{")],
    ["no bytes", mutated("")],
    ["a result that is a list", mutated("[]"), "result"],
    ["10 MB", mutated({ content: "x".repeat(10_000_000) }), "result"],
    ["depth", mutated(`${'{"a":'.repeat(200)}1${"}".repeat(200)}`), "result"],
  ])("fails with %s", async (_, said, phase = "request") => {
    answer = (reply) => reply(null, said);
    expect(await check({}, phase)).toMatchObject({ kind: "error" });
  });

  it("fails with a status, and what it says beside it is not repeated", async () => {
    answer = (reply) => reply({ code: status.INTERNAL, details: "secret" });
    expect(await check({})).toEqual({ kind: "error", error: "It could not be asked: INTERNAL." });
  });

  it("is waited for until the deadline, and no longer than the request", async () => {
    answer = () => {};
    expect(await check({}, "request", { timeoutMs: 150 })).toMatchObject({ kind: "error" });
    const cancellation = new Cancellation();
    answer = () => cancellation.cancel("gone");
    expect(await check({}, "request", { cancellation })).toEqual({ kind: "error", error: "The request was given up." });
  });

  it("is not asked with too much, nor about completions, nor where nobody listens", async () => {
    const input = policyInput({ request: { method: "completion/complete" } });
    expect(await check({ a: "x".repeat(LIMIT) })).toMatchObject({ kind: "error" });
    expect(await check({}, "request", { input })).toMatchObject({ kind: "error" });
    expect(asked).toEqual([]);
    expect(await check({}, "request", { at: 1, timeoutMs: 2_000 })).toMatchObject({ kind: "error" });
  });
});
