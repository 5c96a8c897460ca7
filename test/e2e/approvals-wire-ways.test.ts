import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ApprovalState } from "../../src/core/approval.ts";
import { isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { APPROVALS_CONFIG, people, principalOf } from "../support/approval-people.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type ModernUpstream, startModernUpstream } from "../support/modern-upstream.ts";
import { portOf } from "../support/raw-answers.ts";
import { initialize, modern, type RawAnswer, send } from "../support/raw-mcp.ts";
import { connectShowingLinks } from "../support/waiting-clients.ts";

const POLICIES = `policies:
  - id: sign-off
    target: { tools: ["modern/echo", "modern/work"] }
    then: { request_approval: { flow: single, message: Somebody has to look at this. } }
`;
const STATUS = "portcullis_approval_status";
const TASKS = { "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } } };
const ECHO = { name: "modern__echo", arguments: { text: "hello" } };

let upstream: ModernUpstream;
let gateway: TestGateway;

const start = async (config: object = {}) => {
  gateway = await startTestGateway(
    { ...APPROVALS_CONFIG, upstreams: { modern: { url: upstream.url } }, ...config },
    { "p.yaml": POLICIES },
  );
};

beforeEach(async () => {
  upstream = await startModernUpstream();
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

const approvals = () => gateway.running.wired.approvals;
const runs = () => upstream.seen.filter((headers) => headers["mcp-method"] === "tools/call").length;

function only(state: ApprovalState) {
  return eventually(async () => (await approvals().list({ states: [state], limit: 2 })).items[0]);
}

async function decide(decision: "approve" | "reject"): Promise<void> {
  const { id, version, argumentsDigest } = await only("pending");
  const approver = { ...principalOf("fin"), roles: ["finance-lead"] };
  const said = { decision, reason: "Seen.", version, argumentsDigest, channel: "api", ip: undefined };
  const acted = await approvals().decide({ id, approver, ...said });
  if (!acted.ok) throw new Error(acted.code);
}

type User = Parameters<typeof people.bearer>[0];

function ask(method: string, params: JsonObject, user: User = "ann", meta: JsonObject = TASKS): Promise<RawAnswer> {
  const id = params["taskId"];
  const named = typeof id === "string" ? { "Mcp-Name": id } : {};
  const headers = { ...named, Authorization: people.bearer(user).authorization };
  return send(portOf(gateway.mcp), modern(method, params, { meta, headers }));
}

async function result(answer: RawAnswer | Promise<RawAnswer>): Promise<JsonObject> {
  const value: Json | undefined = (await answer).json["result"];
  return isObject(value) ? value : {};
}

const poll = (id: string) => result(ask("tasks/get", { taskId: id }));

/** Resolves with the task once it is not `working` any more. */
const over = (id: string) =>
  eventually(async () => {
    const task = await poll(id);
    return task["status"] === "working" ? undefined : task;
  });

describe("a task", () => {
  beforeEach(() => start());

  it("is on disk before the client hears of it, survives a restart, and is carried out without a client", async () => {
    const task = await result(ask("tools/call", ECHO));
    expect(task).toMatchObject({
      resultType: "task",
      status: "working",
      statusMessage: "Waiting for approval 1 of 1 (single)",
    });
    const id = String(task["taskId"]);
    await gateway.restart();
    expect(await poll(id)).toMatchObject({ status: "working" });
    await decide("approve");
    await only("succeeded");
    expect(runs()).toBe(1);
    await gateway.restart();
    expect(await poll(id)).toMatchObject({
      status: "completed",
      result: { content: [{ type: "text", text: "hello" }] },
    });
    expect(await poll(id)).toMatchObject({
      status: "completed",
      result: { content: [{ type: "text", text: "hello" }] },
    });
    expect(runs()).toBe(1);
  });

  it("is joined by an identical call until its end was told, and is another one then", async () => {
    const first = await result(ask("tools/call", ECHO));
    const joined = await result(ask("tools/call", ECHO));
    expect(joined["taskId"]).toBe(first["taskId"]);
    await decide("reject");
    expect(await over(String(first["taskId"]))).toMatchObject({ status: "completed", result: { isError: true } });
    const next = await eventually(async () => {
      const task = await result(ask("tools/call", ECHO));
      return task["resultType"] === "task" ? task : undefined;
    });
    expect(next["taskId"]).not.toBe(first["taskId"]);
  });

  it("is cancelled by who asked for it, and by nobody else", async () => {
    const id = String((await result(ask("tools/call", ECHO)))["taskId"]);
    for (const method of ["tasks/get", "tasks/cancel"]) {
      const foreign = await ask(method, { taskId: id }, "eve");
      const unknown = await ask(method, { taskId: "apr_none" }, "eve");
      expect(foreign.json).toHaveProperty("error.code", -32602);
      expect(foreign.text).toBe(unknown.text);
    }
    expect(await poll(id)).toMatchObject({ status: "working" });
    expect(await result(ask("tasks/cancel", { taskId: id }))).toMatchObject({ resultType: "complete" });
    expect(await over(id)).toMatchObject({ status: "cancelled" });
    expect(runs()).toBe(0);
  });
});

it("tells the model of a user who has too many calls waiting already", async () => {
  await start();
  const call = (text: string) => result(ask("tools/call", { ...ECHO, arguments: { text } }));
  for (let n = 1; n <= 20; n++) expect(await call(`${n}`)).toHaveProperty("resultType", "task");
  expect(await call("21")).toMatchObject({
    resultType: "complete",
    isError: true,
    content: [{ type: "text", text: expect.stringContaining("Too many of your calls wait for approval.") }],
  });
});

describe("a client without a task", () => {
  it("gets its call back to where it was after a restart, which it hears of at once", async () => {
    await start();
    const held = ask("tools/call", ECHO, "ann", {});
    const { id } = await only("pending");
    const restarted = gateway.restart();
    expect(await result(held)).toMatchObject({
      isError: true,
      _meta: { "portcullis/approval": { id, state: "pending" } },
    });
    await restarted;
    const again = ask("tools/call", ECHO, "ann", {});
    await decide("approve");
    expect(await result(again)).toMatchObject({ content: [{ text: "hello" }] });
    expect((await approvals().list({ limit: 5 })).items.map((request) => request.id)).toEqual([id]);
    expect(runs()).toBe(1);
  });

  it("is shown the link where people find the request", async () => {
    await start();
    const client = await connectShowingLinks(gateway, { name: "ann", role: "employee", ...people.bearer("ann") });
    const call = await client.begin(ECHO.name, ECHO.arguments);
    const { id } = await only("pending");
    await decide("approve");
    expect(await call.end()).toMatchObject({ text: "hello" });
    expect(client.shown).toEqual([expect.stringMatching(new RegExp(`^${gateway.url}/.*${id}$`))]);
    await client.close();
  });

  it("may not come back as somebody else, with other arguments, or with another state", async () => {
    await start();
    const url = { "io.modelcontextprotocol/clientCapabilities": { elicitation: { url: {} } } };
    const { requestState } = await result(ask("tools/call", ECHO, "ann", url));
    const state = String(requestState);
    await decide("approve");
    const tampered = `${state.slice(0, -4)}${state.endsWith("AAAA") ? "BBBB" : "AAAA"}`;
    const others: ReadonlyArray<readonly [User, JsonObject]> = [
      ["eve", { ...ECHO, requestState: state }],
      ["ann", { ...ECHO, arguments: { text: "gold" }, requestState: state }],
      ["ann", { ...ECHO, requestState: tampered }],
    ];
    for (const [user, params] of others) {
      expect((await ask("tools/call", params, user, url)).json).toHaveProperty("error.code", -32602);
    }
    expect(runs()).toBe(0);
    expect(await result(ask("tools/call", { ...ECHO, requestState: state }, "ann", url))).toMatchObject({
      content: [{ text: "hello" }],
    });
  });
});

describe("a legacy client", () => {
  it("that went away while its call was held gets the end when it comes back, without a second run", async () => {
    await start();
    const session = await initialize(portOf(gateway.mcp), { user: people.key("ann") });
    const abort = new AbortController();
    const fetched = fetch(gateway.mcp, {
      method: "POST",
      headers: {
        ...session.headers,
        "Content-Type": "application/json",
        Accept: "application/json, text/event-stream",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: ECHO }),
      signal: abort.signal,
    });
    const { id } = await only("pending");
    abort.abort();
    await expect(fetched).rejects.toThrow();
    await eventually(async () => (gateway.running.stats().waiting === 0 ? true : undefined));
    await decide("approve");
    await only("succeeded");
    await eventually(async () => (gateway.running.stats().held === 0 ? true : undefined));
    expect((await approvals().get(id))?.deliveredAt).toBeUndefined();
    expect((await session.request("tools/call", ECHO)).json).toHaveProperty("result.content.0.text", "hello");
    expect(runs()).toBe(1);
    await eventually(async () => (await approvals().get(id))?.deliveredAt);
  });

  it("hears of the wait and then of the tool's own progress, in growing numbers", async () => {
    await start();
    const client = new LegacyClient({ name: "c", version: "1" });
    const headers = people.bearer("ann");
    await client.connect(new LegacyTransport(new URL(gateway.mcp), { requestInit: { headers } }) as Transport);
    const told: Array<{ progress: number; message: string | undefined }> = [];
    const call = client.callTool({ name: "modern__work", arguments: {} }, CallToolResultSchema, {
      onprogress: ({ progress, message }) => told.push({ progress, message }),
    });
    await eventually(async () => (told.length > 0 ? true : undefined));
    await decide("approve");
    expect((await call).content).toEqual([{ type: "text", text: "worked" }]);
    expect(told).toEqual([
      { progress: -1, message: "Waiting for approval 1 of 1 (single)" },
      { progress: 1, message: undefined },
      { progress: 2, message: undefined },
    ]);
    await client.close();
  });
});

describe("the status tool", () => {
  beforeEach(() => start({ server: { hold: "0s" } }));

  it("is how a client that cannot wait picks the result up", async () => {
    const session = await initialize(portOf(gateway.mcp), { user: people.key("ann") });
    const call = (name: string, args: JsonObject) => result(session.request("tools/call", { name, arguments: args }));
    const { content, _meta } = await call(ECHO.name, ECHO.arguments);
    const { id } = await only("pending");
    expect(_meta).toMatchObject({ "portcullis/approval": { id, state: "pending" } });
    expect(content).toEqual([{ type: "text", text: expect.stringContaining(`call ${STATUS} with {"id": "${id}"}`) }]);
    expect(await call(STATUS, { id })).toMatchObject({ isError: true, _meta: { "portcullis/approval": { id } } });
    const waiting = call(STATUS, { id, wait_seconds: 20 });
    await eventually(async () => (gateway.running.stats().held > 0 ? true : undefined));
    await decide("approve");
    expect(await waiting).toMatchObject({ content: [{ type: "text", text: "hello" }] });
    expect(runs()).toBe(1);
  });

  it("tells nobody of somebody else's request", async () => {
    await result(ask("tools/call", ECHO));
    const { id } = await only("pending");
    const status = (user: User, of: string) => ask("tools/call", { name: STATUS, arguments: { id: of } }, user, {});
    const foreign = await status("eve", id);
    expect(foreign.status).toBe(200);
    expect(foreign.text).toBe((await status("eve", "apr_none")).text);
    expect(foreign.text).not.toContain("pending");
    expect(await result(status("ann", id))).toMatchObject({ isError: true, _meta: { "portcullis/approval": { id } } });
  });

  it("is listed for as long as calls may have to wait", async () => {
    const names = async () => {
      const { tools } = await result(ask("tools/list", {}));
      return (Array.isArray(tools) ? tools : []).map((tool) => (isObject(tool) ? tool["name"] : undefined));
    };
    expect((await names()).at(-1)).toBe(STATUS);
    gateway.writePolicy("p.yaml", "policies: []\n");
    await eventually(async () => ((await names()).includes(STATUS) ? undefined : true));
  });
});

describe("errors as the operator wants them", () => {
  it("are errors for what was rejected, and never for what waits", async () => {
    await start({ errors: "protocol", server: { hold: "0s" } });
    const session = await initialize(portOf(gateway.mcp), { user: people.key("ann") });
    expect((await session.request("tools/call", ECHO)).json).toHaveProperty("result.isError", true);
    const { id } = await only("pending");
    await decide("reject");
    expect((await session.request("tools/call", ECHO)).json).toMatchObject({
      error: { code: -32001, data: { id, state: "rejected" } },
    });
  });
});
