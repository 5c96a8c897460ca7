import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testProgram } from "../support/built.ts";
import { type AnyClient, connectRaw, connectSdk1, connectSdk2Pinned } from "../support/clients.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type LegacyUpstream, startLegacyUpstream } from "../support/legacy-upstream.ts";
import { type ModernUpstream, startModernUpstream } from "../support/modern-upstream.ts";
import { answer, answerRaw, modernScript, type RawUpstream, startRawUpstream } from "../support/raw-upstream.ts";

const inputSchema = { type: "object" };
const misdeeds = ["die", "stall", "garbage", "half", "huge", "silence"].map((name) => ({ name, inputSchema }));

let healthy: ModernUpstream;
let broken: RawUpstream;
let forgetful: LegacyUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  healthy = await startModernUpstream();
  forgetful = await startLegacyUpstream();
  broken = await startRawUpstream(
    modernScript((request, response) => {
      if (request.method === "tools/list") {
        answer(request, response, { resultType: "complete", tools: misdeeds, ttlMs: 0, cacheScope: "private" });
        return;
      }
      const params = request.body["params"];
      const tool = typeof params === "object" && params !== null && "name" in params ? params["name"] : "";
      if (tool === "die") response.destroy();
      else if (tool === "garbage") answerRaw(response, '{"jsonrpc":"2.0","id":1,"result":{"content":');
      else if (tool === "half") {
        response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
        response.write('{"jsonrpc":"2.0",', () => response.destroy());
      } else if (tool === "huge") {
        const text = "x".repeat(10 * 1024 * 1024);
        answer(request, response, { resultType: "complete", content: [{ type: "text", text }] });
      } else if (tool === "silence") answerRaw(response, "", 200);
      // "stall", and subscriptions: the connection stays open and nothing comes.
    }),
  );
  gateway = await startTestGateway({
    upstreams: {
      healthy: { url: healthy.url },
      forgetful: { url: forgetful.url },
      broken: { url: broken.url, timeout: "3s", era: "modern" },
      absent: { url: "http://127.0.0.1:9/mcp", era: "modern" },
      vanishing: {
        command: process.execPath,
        args: [testProgram("vanishing-server")],
        era: "legacy",
      },
    },
  });
}, 60_000);

afterAll(async () => {
  await gateway?.close();
  await Promise.all([healthy?.close(), broken?.close(), forgetful?.close()]);
});

/** Runs `misdeed` while another client keeps calling the healthy upstream; every one of those calls must be answered. */
async function whileOthersWork<T>(misdeed: Promise<T>): Promise<T> {
  const other = await connectRaw(`${gateway.mcp}/healthy`);
  let done = false;
  const result = misdeed.finally(() => {
    done = true;
  });
  let calls = 0;
  do {
    expect(await other.call("echo", { text: `call ${calls}` })).toMatchObject({ text: `call ${calls}` });
    calls++;
  } while (!done || calls < 3);
  return result;
}

describe.each([
  { client: "a legacy client", connect: connectSdk1 },
  { client: "a modern client", connect: connectSdk2Pinned },
])("$client", ({ connect }) => {
  let client: AnyClient;
  beforeAll(async () => {
    client = await connect(gateway.mcp);
  });
  afterAll(() => client.close());

  it.each([
    { tool: "die", means: "dies in the middle of a call", text: /went away.*Server: broken/ },
    { tool: "stall", means: "stalls", text: /did not answer in time.*Server: broken/ },
    { tool: "garbage", means: "answers garbage", text: /not MCP.*Server: broken/ },
    { tool: "half", means: "closes the stream half-way", text: /went away.*Server: broken/ },
    { tool: "huge", means: "answers 10 MB", text: /too large.*Server: broken/ },
    { tool: "silence", means: "answers nothing", text: /not MCP.*Server: broken/ },
  ])("hears in plain words that a server $means, and nobody else notices", async ({ tool, text }) => {
    const result = await whileOthersWork(client.call(`broken__${tool}`));
    expect(result).toMatchObject({ isError: true, text: expect.stringMatching(text) });
  });

  it("is answered at once when the server was never there", async () => {
    expect(await client.tools()).not.toContain(expect.stringMatching(/^absent__/));
    await expect(client.call("absent__anything")).rejects.toThrow(/Unknown tool/);
  });

  it("does not notice that a server has forgotten its sessions", async () => {
    expect(await client.call("forgetful__echo", { n: 1 })).toMatchObject({ text: '{"n":1}', isError: false });
    forgetful.forgetSessions();
    expect(await client.call("forgetful__echo", { n: 2 })).toMatchObject({ text: '{"n":2}', isError: false });
  });

  it("is told when a server over stdio exits during a call, and finds it started again", async () => {
    const before = await client.call("vanishing__pid");
    expect(await whileOthersWork(client.call("vanishing__exit"))).toMatchObject({
      isError: true,
      text: expect.stringMatching(/went away.*Server: vanishing/),
    });
    const after = await eventually(async () => {
      const result = await client.call("vanishing__pid");
      return result.isError ? undefined : result;
    });
    expect(Number(after.text)).toBeGreaterThan(0);
    expect(after.text).not.toBe(before.text);
  });

  it("cancels a call upstream by giving it up", async () => {
    await client.call("forgetful__echo", { n: 0 });
    const abort = new AbortController();
    const waiting = client.call("forgetful__wait", {}, { signal: abort.signal });
    const cancelledBefore = cancelledUpstream();
    await eventually(async () => (forgetful.waiting > 0 ? true : undefined));
    abort.abort();
    await expect(waiting).rejects.toThrow();
    await eventually(async () => (cancelledUpstream() > cancelledBefore ? true : undefined));
  });
});

describe("a server that restarts on its port", () => {
  it("serves the same client again, which did nothing about it", async () => {
    const client = await connectSdk1(`${gateway.mcp}/forgetful`);
    await client.call("echo", { n: 1 });
    const { port } = forgetful;
    await forgetful.close();
    expect(await client.call("echo", { n: 2 })).toMatchObject({ isError: true });
    forgetful = await startLegacyUpstream(port);
    const back = await eventually(async () => {
      const result = await client.call("echo", { n: 3 });
      return result.isError ? undefined : result;
    });
    expect(back.text).toBe('{"n":3}');
    await client.close();
  });
});

function cancelledUpstream(): number {
  return [...forgetful.sessions.values()].reduce((sum, session) => sum + session.cancelled.length, 0);
}
