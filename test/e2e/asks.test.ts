import { createHash } from "node:crypto";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { connectAskingSdk1, connectAskingSdk2 } from "../support/asking-clients.ts";
import { connectRaw, connectSdk1, connectSdk2Pinned } from "../support/clients.ts";
import { EVERYTHING, type EverythingServer, startEverything } from "../support/everything.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type LegacyUpstream, startLegacyUpstream } from "../support/legacy-upstream.ts";
import { type ModernUpstream, startModernUpstream } from "../support/modern-upstream.ts";

const KEYS = { alice: `pk_${"a".repeat(40)}`, bob: `pk_${"b".repeat(40)}` };
const bearer = (user: keyof typeof KEYS) => ({ authorization: `Bearer ${KEYS[user]}` });
const hash = (user: keyof typeof KEYS) => `sha256:${createHash("sha256").update(KEYS[user]).digest("hex")}`;

let everything: EverythingServer;
let modern: ModernUpstream;
let legacy: LegacyUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  [everything, modern, legacy] = await Promise.all([
    startEverything("streamableHttp"),
    startModernUpstream(),
    startLegacyUpstream(),
  ]);
  gateway = await startTestGateway({
    upstreams: {
      stdio: { command: process.execPath, args: [EVERYTHING, "stdio"] },
      http: { url: everything.url },
      modern: { url: modern.url },
      legacy: { url: legacy.url },
    },
  });
}, 60_000);

afterAll(async () => {
  await gateway?.close();
  await Promise.all([everything?.kill(), modern?.close(), legacy?.close()]);
});

describe.each(["stdio", "http"])("the example server of 2025 over %s, in front of an SDK v1 client", (upstream) => {
  it("asks the user", async () => {
    const client = await connectAskingSdk1(gateway.mcp);
    const answer = await client.call(`${upstream}__trigger-elicitation-request`);
    expect(answer.text).toContain("- Name: Ada");
    expect(client.asked).toContain("elicitation/create");
    await client.close();
  });

  it("asks the client's model", async () => {
    const client = await connectAskingSdk1(gateway.mcp);
    const answer = await client.call(`${upstream}__trigger-sampling-request`, { prompt: "Hello?", maxTokens: 10 });
    expect(answer.text).toContain("said for Ada");
    await client.close();
  });

  it("asks for the client's roots, each client for its own", async () => {
    const [ada, eve] = await Promise.all([
      connectAskingSdk1(gateway.mcp, "Ada"),
      connectAskingSdk1(gateway.mcp, "Eve"),
    ]);
    const answers = await Promise.all([ada, eve].map((client) => client.call(`${upstream}__get-roots-list`)));
    expect(answers[0]?.text).toContain("file:///home/Ada");
    expect(answers[1]?.text).toContain("file:///home/Eve");
    await Promise.all([ada.close(), eve.close()]);
  });

  it("knows that a client cannot be asked", async () => {
    const client = await connectSdk1(gateway.mcp);
    const answer = await client.call(`${upstream}__trigger-elicitation-request`);
    expect(answer).toMatchObject({ isError: true, text: expect.stringContaining("not found") });
    await client.close();
  });

  it("does not disturb the first calls of a modern client by asking for its roots meanwhile", async () => {
    const client = await connectAskingSdk2(gateway.mcp);
    // Longer than the example server waits before it asks a new session for its roots.
    const answer = await client.call(`${upstream}__trigger-long-running-operation`, { duration: 0.8, steps: 2 });
    expect(answer).toMatchObject({ isError: false, text: expect.stringContaining("completed") });
    await client.close();
  });
});

describe("a modern server that asks", () => {
  it("asks an SDK v2 client", async () => {
    const client = await connectAskingSdk2(gateway.mcp);
    expect(await client.call("modern__ask")).toMatchObject({ text: "Hello, Ada.", isError: false });
    expect(await client.call("modern__order", { text: "tea" })).toMatchObject({ text: "tea for Ada." });
    expect(modern.journal.slice(-2)).toEqual(["tea first", "tea asked for tea"]);
    expect(client.asked).toEqual(["elicitation/create", "elicitation/create"]);
    await client.close();
  });

  it("asks an SDK v1 client, on the stream of its call", async () => {
    const client = await connectAskingSdk1(gateway.mcp);
    expect(await client.call("modern__ask")).toMatchObject({ text: "Hello, Ada.", isError: false });
    expect(await client.call("modern__order", { text: "milk" })).toMatchObject({ text: "milk for Ada." });
    expect(modern.journal.slice(-2)).toEqual(["milk first", "milk asked for milk"]);
    await client.close();
  });

  it("is answered for an SDK v1 client that cannot be asked, in words for the model", async () => {
    const client = await connectSdk1(gateway.mcp);
    expect(await client.call("modern__ask")).toMatchObject({
      isError: true,
      text: expect.stringMatching(/needs to ask the client something, which this client does not offer/),
    });
    await client.close();
  });

  it("is answered for a modern client that cannot be asked, with the capability that it needs", async () => {
    const client = await connectSdk2Pinned(gateway.mcp);
    await expect(client.call("modern__ask")).rejects.toThrow(/capabilit/i);
    await client.close();
  });
});

describe("what a modern server wants back with the answer", () => {
  const upstreams = () => ({ modern: { url: modern.url } });
  const users = { api_keys: (["alice", "bob"] as const).map((name) => ({ name, hash: hash(name), user: name })) };
  let now = Date.now();
  let secured: TestGateway;

  beforeAll(async () => {
    secured = await startTestGateway({ auth: users, upstreams: upstreams() }, {}, { now: () => now });
  });
  afterAll(() => secured?.close());

  const inputResponses = { who: { action: "accept", content: { name: "Ada" } } };
  const begin = async (): Promise<string> => {
    const first = await order(secured, "alice", { name: "modern__order", arguments: { text: "tea" } });
    expect(first).toMatchObject({ result: { resultType: "input_required", requestState: expect.any(String) } });
    const { result } = first;
    return isObject(result) ? String(result["requestState"]) : "";
  };

  it("is sealed: nothing of it can be read", async () => {
    expect(await begin()).toMatch(/^v1\.[\w-]+$/);
  });

  it("brings the answer to the call that was asked", async () => {
    const requestState = await begin();
    const params = { name: "modern__order", arguments: { text: "tea" }, requestState, inputResponses };
    expect(await order(secured, "alice", params)).toMatchObject({ result: { content: [{ text: "tea for Ada." }] } });
  });

  it.each([
    ["without a state", {}, inputResponses],
    ["under a key that was not asked", "begin", { other: inputResponses.who, __proto__: null }],
  ])("brings no answer that was not asked for: %s", async (_why, state, responses) => {
    const requestState = state === "begin" ? { requestState: await begin() } : {};
    const params = { name: "modern__order", arguments: { text: "tea" }, ...requestState, inputResponses: responses };
    expect(await order(secured, "alice", params)).toMatchObject({ result: { resultType: "input_required" } });
  });

  it.each([
    ["tampered with", "alice", { text: "tea" }, (state: string) => `${state.slice(0, -4)}AAAA`, 0],
    ["not the gateway's", "alice", { text: "tea" }, () => "asked for tea", 0],
    ["another principal's", "bob", { text: "tea" }, (state: string) => state, 0],
    ["for other arguments", "alice", { text: "gold" }, (state: string) => state, 0],
    ["too old", "alice", { text: "tea" }, (state: string) => state, 600_000],
  ] as const)("is refused when it is %s, and nothing is executed", async (_why, user, args, change, laterMs) => {
    const requestState = change(await begin());
    const ran = modern.journal.length;
    const seen = modern.seen.length;
    now += laterMs;
    const params = { name: "modern__order", arguments: args, requestState, inputResponses };
    expect(await order(secured, user, params)).toMatchObject({ error: { code: -32602 } });
    expect(modern.journal).toHaveLength(ran);
    expect(modern.seen).toHaveLength(seen);
  });
});

describe("a legacy server that asks, and does not wait for long", () => {
  it("ends its call without the user, whose question is taken back", async () => {
    let takenBack = (): void => {};
    const withdrawn = new Promise<void>((resolve) => {
      takenBack = resolve;
    });
    const client = await connectAskingSdk1(gateway.mcp);
    // A user who never answers; the SDK aborts this signal when it is told that the question is off.
    client.client.setRequestHandler(ElicitRequestSchema, (_request, { signal }) => {
      signal.addEventListener("abort", () => takenBack());
      return new Promise(() => {});
    });
    expect(await client.call("legacy__impatient")).toMatchObject({ text: "You were too slow.", isError: false });
    await withdrawn;
    await client.close();
  });
});

describe("a legacy server that asks a modern client", () => {
  it("was told that this client cannot be asked, and hears so again", async () => {
    const client = await connectAskingSdk2(gateway.mcp);
    await expect(client.call("legacy__greet")).rejects.toThrow("has not declared that this server can ask it");
    expect(await client.call("legacy__echo", { n: 1 })).toMatchObject({ text: '{"n":1}', isError: false });
    await client.close();
  });

  it("answers it like any other where nothing is asked", async () => {
    const client = await connectRaw(gateway.mcp);
    expect(await client.call("legacy__echo", { n: 2 })).toMatchObject({ text: '{"n":2}' });
  });
});

async function order(to: TestGateway, user: keyof typeof KEYS, params: Record<string, unknown>): Promise<JsonObject> {
  const response = await fetch(to.mcp, {
    method: "POST",
    headers: {
      ...bearer(user),
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": String(params["name"]),
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: {
        ...params,
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } },
          "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
        },
      },
    }),
  });
  const answer: Json = JSON.parse(await response.text());
  return isObject(answer) ? answer : {};
}
