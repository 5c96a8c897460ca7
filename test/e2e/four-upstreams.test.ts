import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TOOL_SERVER } from "../support/built.ts";
import { type AnyClient, CLIENTS } from "../support/clients.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { freePort, type Program, startProgram } from "../support/program.ts";

const root = join(import.meta.dirname, "../..");
const everything = join(root, "node_modules/@modelcontextprotocol/server-everything/dist/index.js");
const fromSource = ["--import", import.meta.resolve("tsx")];

let gateway: TestGateway;
let programs: readonly Program[] = [];

beforeAll(async () => {
  const port = await freePort();
  programs = await Promise.all([
    startProgram({
      name: "server-everything over HTTP",
      command: process.execPath,
      args: [everything, "streamableHttp"],
      env: { PORT: String(port) },
      ready: /listening on port/,
    }),
    startProgram({
      name: "an SDK v2 server",
      command: process.execPath,
      args: [...fromSource, join(root, "test/conformance/fixture-modern.ts")],
      env: { PORT: "0" },
      ready: /listening (http:\S+)/,
    }),
  ]);
  gateway = await startTestGateway({
    upstreams: {
      local: { command: process.execPath, args: [everything, "stdio"] },
      remote: { url: `http://127.0.0.1:${port}/mcp` },
      modern: { url: programs[1]?.ready?.[1] },
      demo: { command: process.execPath, args: [TOOL_SERVER] },
    },
  });
}, 60_000);

afterAll(async () => {
  await gateway?.close();
  await Promise.all(programs.map((program) => program.stop()));
});

describe.each(CLIENTS)("$client, in front of four servers of both eras", ({ connect }) => {
  let client: AnyClient;

  beforeAll(async () => {
    client = await connect(gateway.mcp);
  });
  afterAll(() => client.close());

  it("sees the tools of all four, in one order", async () => {
    const names = await client.tools();
    expect(names).toEqual(
      expect.arrayContaining(["local__echo", "remote__echo", "modern__test_simple_text", "demo__create_expense"]),
    );
    const owners = names.map((name) => name.split("__")[0]);
    expect([...new Set(owners)]).toEqual(["local", "remote", "modern", "demo"]);
  });

  it.each([
    ["local__echo", { message: "over stdio" }, "Echo: over stdio"],
    ["remote__echo", { message: "over HTTP" }, "Echo: over HTTP"],
    ["modern__test_simple_text", {}, "This is a simple text response for testing."],
    ["demo__list_expenses", { currency: "JPY" }, "[]"],
  ])("calls %s", async (name, args, text) => {
    expect(await client.call(name, args)).toMatchObject({ text, isError: false });
  });

  it("gets structured content as the server wrote it", async () => {
    const answer = await client.call("remote__get-structured-content", { location: "New York" });
    expect(answer.structured).toMatchObject({ temperature: expect.any(Number), conditions: expect.any(String) });
  });

  it("gets a tool's own error as one", async () => {
    expect(await client.call("modern__test_error_handling")).toMatchObject({ isError: true });
  });

  it("is told that a tool does not exist", async () => {
    await expect(client.call("local__no_such_tool")).rejects.toThrow(/Unknown tool/);
  });

  it("gets prompts, with their owner's name in front", async () => {
    expect(await client.prompts()).toEqual(
      expect.arrayContaining(["local__simple-prompt", "remote__args-prompt", "modern__test_simple_prompt"]),
    );
    expect(await client.prompt("remote__args-prompt", { city: "Oslo" })).toContain("Oslo");
    expect(await client.prompt("modern__test_simple_prompt")).toContain("simple prompt");
  });

  it("reads resources of either era, listed or by template", async () => {
    expect(await client.resources()).toEqual(expect.arrayContaining(["test://static-text"]));
    expect(await client.read("test://static-text")).toContain("text");
    expect(await client.templates()).toEqual(expect.arrayContaining(["customers://{customer_id}"]));
  });

  it.each(["local", "remote"])("reads from %s by a template that two of them have", async (server) => {
    const text = (id: string) => `demo://resource/dynamic/text/${id}#portcullis=${server}`;
    expect(await client.templates()).toContain(text("{resourceId}"));
    expect(await client.read(text("7"))).toContain(text("7"));
  });

  it("gets completions", async () => {
    expect(await client.complete("local__completable-prompt", "department", "E")).toEqual(["Engineering"]);
  });

  it.each(["local__trigger-long-running-operation", "remote__trigger-long-running-operation"])(
    "hears the progress of %s",
    async (name) => {
      const heard: number[] = [];
      await client.call(name, { duration: 0.3, steps: 3 }, { onProgress: (progress) => heard.push(progress) });
      expect(heard).toEqual([1, 2, 3]);
    },
  );

  it("hears the progress of a modern server", async () => {
    const heard: number[] = [];
    await client.call("modern__test_tool_with_progress", {}, { onProgress: (progress) => heard.push(progress) });
    expect(heard).toEqual([0, 50, 100]);
  });

  it("hears what a modern server logs, if it asked for it", async () => {
    const heard: string[] = [];
    await client.call("modern__test_logging_tool", {}, { logLevel: "debug", onLog: (level) => heard.push(level) });
    expect(heard).toEqual(["info"]);
    await client.call("modern__test_logging_tool", {}, { logLevel: "warning", onLog: (level) => heard.push(level) });
    expect(heard).toEqual(["info"]);
  });
});
