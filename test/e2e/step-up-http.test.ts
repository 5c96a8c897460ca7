import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resultOf, textOf } from "../support/paused-callers.ts";
import { initialize, send } from "../support/raw-mcp.ts";
import { callRaw, type StepUpGateway, signInAt, startStepUpGateway, TOOL } from "../support/step-up-gateway.ts";

const CALL_ID = expect.stringMatching(/^call_/);

let world: StepUpGateway;
let ann: Record<string, string>;
let token: string;

beforeAll(async () => {
  world = await startStepUpGateway();
  ann = await world.headers("ann");
  token = ann["authorization"]?.slice("Bearer ".length) ?? "";
}, 60_000);
afterAll(() => world?.close(), 30_000);

const port = () => Number(new URL(world.gateway.url).port);
const metadata = () => `resource_metadata="${world.gateway.url}/.well-known/oauth-protected-resource/mcp"`;
const runs = () => world.upstream.seen.filter((headers) => headers["mcp-method"] === "tools/call").length;

describe.each(["modern", "legacy"] as const)("a %s client over HTTP", (era) => {
  const call = async (text: string, by = token) => {
    if (era === "modern") return callRaw(world.gateway, { authorization: `Bearer ${by}` }, text);
    const session = await initialize(port(), { user: by });
    return session.request("tools/call", { name: TOOL, arguments: { text } });
  };

  it("is sent for all scopes that the call needs", async () => {
    const before = runs();
    const { status, headers, json } = await call("scope 1");
    expect(status).toBe(403);
    expect(headers["content-type"]).toBe("application/json");
    expect(headers["www-authenticate"]).toBe(
      `Bearer error="insufficient_scope", scope="mcp:tools pay:large", ${metadata()}, ` +
        'error_description="The call needs a scope that the access token lacks."',
    );
    expect(json).toEqual({
      jsonrpc: "2.0",
      id: expect.any(Number),
      error: {
        code: -32001,
        message: expect.stringContaining("lacks a scope that this call needs: pay:large."),
        data: { decision: "step_up", policy: "scope", call: CALL_ID },
      },
    });
    expect(runs()).toBe(before);
    const more = await world.headers("ann", { scope: "mcp:tools pay:large" });
    const answer = await call("scope 1", more["authorization"]?.slice("Bearer ".length));
    expect(textOf(resultOf(answer))).toBe("scope 1");
  });

  it("is sent for a stronger sign-in where a policy wants RFC 9470", async () => {
    const { status, headers, json } = await call("rfc 1");
    expect(status).toBe(401);
    expect(headers["www-authenticate"]).toBe(
      `Bearer error="insufficient_user_authentication", acr_values="mfa", max_age="300", ${metadata()}, ` +
        'error_description="The call needs a stronger or more recent sign-in."',
    );
    expect(json).toMatchObject({ error: { code: -32001, data: { decision: "step_up", policy: "rfc" } } });
    const strong = await world.headers("ann", { acr: "mfa" });
    const answer = await call("rfc 1", strong["authorization"]?.slice("Bearer ".length));
    expect(textOf(resultOf(answer))).toBe("rfc 1");
  });

  it("whose token is strong enough is asked for nothing", async () => {
    const strong = await world.headers("ann", { acr: "mfa" });
    const answer = await call("session 1", strong["authorization"]?.slice("Bearer ".length));
    expect(textOf(resultOf(answer))).toBe("session 1");
  });
});

describe("a legacy client that can show links", () => {
  const LINKS = { elicitation: { url: {} } };

  it("is told of them in an error where it takes no stream", async () => {
    const session = await initialize(port(), { user: token, capabilities: LINKS });
    const params = { name: TOOL, arguments: { text: "pay legacy" } };
    const { json, status } = await session.request("tools/call", params, { Accept: "application/json" });
    expect(status).toBe(200);
    expect(json["error"]).toEqual({
      code: -32042,
      message: expect.stringContaining("/step-up/"),
      data: {
        elicitations: [
          {
            mode: "url",
            elicitationId: expect.stringMatching(/^[\w-]{22}$/),
            url: expect.stringContaining(`${world.gateway.url}/step-up/`),
            message: "Sign in again to allow the call of modern__echo. Paying needs a second factor.",
          },
        ],
      },
    });
  });

  it("is asked on the call's own stream, and told when that is done with", async () => {
    const session = await initialize(port(), { user: token, capabilities: LINKS });
    const stream = await session.stream("tools/call", { name: TOOL, arguments: { text: "pay stream" } });
    const { message } = await stream.event(({ method }) => method === "elicitation/create");
    expect(message["params"]).toMatchObject({ mode: "url", elicitationId: expect.any(String) });
    const { url, elicitationId } = message["params"] as { url: string; elicitationId: string };
    // The user signs in, and the client has not said a word yet.
    await signInAt(url, "ann");
    const done = await stream.event(({ method }) => method === "notifications/elicitation/complete");
    expect(done.message["params"]).toEqual({ elicitationId });
    const end = await stream.event(({ result }) => result !== undefined);
    expect(end.message["result"]).toMatchObject({ content: [{ type: "text", text: "pay stream" }] });
  });
});

describe("a legacy client of a gateway that holds no calls", () => {
  let brief: StepUpGateway;
  beforeAll(async () => {
    brief = await startStepUpGateway(Date.now, "0s");
  }, 60_000);
  afterAll(() => brief?.close(), 30_000);

  it.each([
    ["cannot show links", {}],
    ["could show them", { elicitation: { url: {} } }],
  ])("that %s is told of the link in words at once, and its next call goes through", async (_what, capabilities) => {
    const by = (await brief.headers("ann"))["authorization"]?.slice("Bearer ".length) ?? "";
    const session = await initialize(Number(new URL(brief.gateway.url).port), { user: by, capabilities });
    const params = { name: TOOL, arguments: { text: `pay briefly ${JSON.stringify(capabilities)}` } };
    const stream = await session.stream("tools/call", params);
    await stream.ended;
    // One answer and no question before it: nobody would wait for what is said to that.
    expect(stream.text()).not.toContain("elicitation/create");
    const words = /http:\S+?\/step-up\/[\w-]{22}/.exec(stream.text())?.[0] ?? "";
    expect(words).toContain(brief.gateway.url);
    expect((await signInAt(words, "ann")).status).toBe(200);
    expect(textOf(resultOf(await session.request("tools/call", params)))).toBe(params.arguments.text);
  });
});

it("a batch has one status for all, so that what a token lacks is told in words", async () => {
  const session = await initialize(port(), { user: token, version: "2025-03-26" });
  const one = (id: number, text: string) => {
    return { jsonrpc: "2.0", id, method: "tools/call", params: { name: TOOL, arguments: { text } } };
  };
  const { status, json } = await session.post([one(1, "scope batch"), one(2, "plain")]);
  expect(status).toBe(200);
  const lacking = { isError: true, content: [{ type: "text", text: expect.stringContaining("lacks a scope") }] };
  expect(json["list"]).toHaveLength(2);
  expect(json["list"]).toContainEqual(expect.objectContaining({ id: 1, result: expect.objectContaining(lacking) }));
  expect(JSON.stringify(json["list"])).toContain('"text":"plain"');
});

describe("a modern client that can show links", () => {
  const meta = { "io.modelcontextprotocol/clientCapabilities": { elicitation: { url: {} } } };
  const call = (text: string, params = {}) => callRaw(world.gateway, ann, text, { meta, params });

  it("gets the link at once with a state, and its result with it once the user has signed in", async () => {
    const first = resultOf(await call("pay modern"));
    expect(first).toMatchObject({
      resultType: "input_required",
      inputRequests: {
        step_up: {
          method: "elicitation/create",
          params: { mode: "url", url: expect.stringContaining(`${world.gateway.url}/step-up/`) },
        },
      },
    });
    const { url } = (first["inputRequests"] as { step_up: { params: { url: string } } }).step_up.params;
    const requestState = String(first["requestState"]);
    const inputResponses = { step_up: { action: "accept" } };
    const waiting = call("pay modern", { requestState, inputResponses });
    await signInAt(url, "ann");
    const answered = resultOf(await waiting);
    expect(answered).toMatchObject({ resultType: "complete", content: [{ type: "text", text: "pay modern" }] });
    // The state alone brings nothing: what it was given for is spent.
    expect(resultOf(await call("pay modern", { requestState, inputResponses }))["resultType"]).toBe("input_required");
  });

  it("gets nowhere with somebody else's state, or for other arguments", async () => {
    const { requestState } = resultOf(await call("pay mine"));
    const sam = await world.headers("sam");
    const params = { requestState: String(requestState) };
    expect((await callRaw(world.gateway, sam, "pay mine", { meta, params })).json).toMatchObject({
      error: { code: -32602 },
    });
    expect((await call("pay more", params)).json).toMatchObject({ error: { code: -32602 } });
  });
});

it("a machine is refused: nobody is there who could sign in", async () => {
  const answer = await callRaw(world.gateway, await world.machine(), "pay robot");
  expect(resultOf(answer)).toMatchObject({
    isError: true,
    _meta: { "portcullis/decision": { decision: "step_up", policy: "pay", call: CALL_ID } },
  });
  expect(textOf(resultOf(answer))).toMatch(/^Not executed: the call needs a person who signs in again/);
});

it("the metadata of the resource lists what every call needs, and not what only some do", async () => {
  const path = "/.well-known/oauth-protected-resource/mcp";
  const { json } = await send(port(), { method: "GET", path });
  expect(json["scopes_supported"]).toEqual(["mcp:tools"]);
});
