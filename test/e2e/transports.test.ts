import { join } from "node:path";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolResultSchema, LoggingMessageNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AnyClient, CLIENTS, connectRaw, connectSdk1, connectSdk2Pinned } from "../support/clients.ts";
import { eventually } from "../support/eventually.ts";
import { type EverythingServer, startEverything } from "../support/everything.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type LegacyUpstream, startLegacyUpstream } from "../support/legacy-upstream.ts";
import { type ModernUpstream, startModernUpstream } from "../support/modern-upstream.ts";

let sse: EverythingServer;
let legacy: LegacyUpstream;
let modern: ModernUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  [sse, legacy, modern] = await Promise.all([startEverything("sse"), startLegacyUpstream(), startModernUpstream()]);
  const odd = join(import.meta.dirname, "../support/odd-stdio.mjs");
  gateway = await startTestGateway({
    upstreams: {
      sse: { type: "sse", url: sse.url },
      legacy: { url: legacy.url },
      modern: { url: modern.url },
      odd: { command: process.execPath, args: [odd, "plain"] },
    },
  });
}, 60_000);

afterAll(async () => {
  await gateway?.close();
  await Promise.all([sse?.kill(), legacy?.close(), modern?.close()]);
});

describe.each(CLIENTS)("a server on the HTTP+SSE transport of 2024, in front of $client", ({ connect }) => {
  let client: AnyClient;
  beforeAll(async () => {
    client = await connect(gateway.mcp);
  });
  afterAll(() => client.close());

  it("shows its lists", async () => {
    expect(await client.tools()).toEqual(expect.arrayContaining(["sse__echo", "sse__get-sum"]));
    expect(await client.prompts()).toContain("sse__simple-prompt");
    expect(await client.templates()).toContain("demo://resource/dynamic/text/{resourceId}");
  });

  it("answers calls, prompts and reads", async () => {
    expect(await client.call("sse__echo", { message: "over SSE" })).toMatchObject({ text: "Echo: over SSE" });
    expect(await client.prompt("sse__args-prompt", { city: "Oslo" })).toContain("Oslo");
    expect(await client.read("demo://resource/dynamic/text/3")).toContain("dynamic/text/3");
  });

  it("reports progress", async () => {
    const heard: number[] = [];
    const options = { onProgress: (progress: number) => heard.push(progress) };
    await client.call("sse__trigger-long-running-operation", { duration: 0.3, steps: 3 }, options);
    expect(heard).toEqual([1, 2, 3]);
  });
});

describe.each([
  { client: "SDK v2", connect: connectSdk2Pinned },
  { client: "raw HTTP", connect: connectRaw },
])("a modern client ($client) that closes the response of a call", ({ connect }) => {
  const giveUp = async (tool: string, begun: () => boolean): Promise<void> => {
    const client = await connect(gateway.mcp);
    const abort = new AbortController();
    const call = client.call(tool, {}, { signal: abort.signal });
    await eventually(async () => (begun() ? true : undefined));
    abort.abort();
    await expect(call).rejects.toThrow();
    await client.close();
  };

  it("cancels it at a legacy server over HTTP", async () => {
    const cancelled = () => [...legacy.sessions.values()].flatMap((session) => session.cancelled).length;
    const before = cancelled();
    await giveUp("legacy__wait", () => legacy.waiting > 0);
    await eventually(async () => (cancelled() === before + 1 && legacy.waiting === 0 ? true : undefined));
  });

  it("cancels it at a modern server over HTTP", async () => {
    const count = (what: string) => modern.journal.filter((entry) => entry === what).length;
    const before = count("waiting");
    await giveUp("modern__wait", () => count("waiting") === before + 1);
    await eventually(async () => (count("cancelled") === before + 1 ? true : undefined));
  });

  it("cancels it at a server over stdio", async () => {
    const inFlight = () => gateway.running.wired.upstreams.get("odd")?.load().inFlight ?? 0;
    const said = (word: string) => gateway.logged.filter((line) => line.includes(word)).length;
    const before = { hanging: said("hanging"), cancelled: said("cancelled ") };
    await giveUp("odd__hang", () => said("hanging") > before.hanging);
    await eventually(async () => (said("cancelled ") > before.cancelled && inFlight() === 0 ? true : undefined));
  });
});

describe("the log level of an SDK v1 client", () => {
  it.each(["call", "session"])("holds for what a legacy server says on the stream of the %s", async (over) => {
    const known = [...legacy.sessions.keys()];
    const client = new LegacyClient({ name: "listener", version: "1" });
    const heard: unknown[] = [];
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
      heard.push(params.level);
    });
    await client.connect(new LegacyTransport(new URL(gateway.mcp)) as Transport);
    const log = () => client.callTool({ name: "legacy__log", arguments: { over } }, CallToolResultSchema);
    await client.setLoggingLevel("warning");
    await log();
    await eventually(async () => (heard.length >= 2 ? true : undefined));
    expect(heard.splice(0)).toEqual(["warning", "error"]);
    await client.setLoggingLevel("error");
    await log();
    await eventually(async () => (heard.length >= 1 ? true : undefined));
    expect(heard).toEqual(["error"]);
    // One session upstream serves every level that its client may want.
    const own = [...legacy.sessions].filter(([id]) => !known.includes(id)).map(([, session]) => session);
    expect(own.map((session) => session.levels)).toEqual([["debug"]]);
    await client.close();
  });
});

describe("the log level of a modern client's request", () => {
  it("holds for what a legacy server says in that call, and without one nothing is heard", async () => {
    const client = await connectRaw(gateway.mcp);
    const heard: string[] = [];
    const onLog = (level: string) => void heard.push(level);
    await client.call("legacy__log", { over: "call" }, { logLevel: "warning", onLog });
    expect(heard).toEqual(["warning", "error"]);
    await client.call("legacy__log", { over: "call" }, { onLog });
    expect(heard).toHaveLength(2);
  });
});

describe.each([
  { client: "a legacy client", connect: connectSdk1 },
  { client: "a modern client", connect: connectRaw },
])("a resource that only a tool's result speaks of", ({ connect, client: kind }) => {
  it(`is read from the server of that tool by ${kind}`, async () => {
    const client = await connect(gateway.mcp);
    expect(await client.resources()).not.toContain("hidden://report/7");
    expect(await client.call("legacy__link")).toMatchObject({ text: "[resource_link]" });
    expect(await client.read("hidden://report/7")).toContain("legacy: hidden://report/7");
    await expect(client.read("hidden://report/8")).rejects.toThrow();
    await client.close();
  });
});
