import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  ResourceListChangedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterEach, describe, expect, it } from "vitest";
import { isObject } from "../../src/core/json.ts";
import { CLIENTS, connectRaw, connectSdk1 } from "../support/clients.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { startLegacyUpstream } from "../support/legacy-upstream.ts";
import { startModernUpstream } from "../support/modern-upstream.ts";
import { freePort } from "../support/program.ts";
import { answer, legacyScript, startRawUpstream } from "../support/raw-upstream.ts";
import { closeAfterEach } from "../support/upstreams.ts";

const closed = closeAfterEach();
const inputSchema = { type: "object" };

interface Listener {
  readonly tools: number;
  readonly resources: number;
}

/** Clients of both eras that count the changes that they are told of. */
async function listeners(gateway: TestGateway): Promise<{ readonly old: Listener; readonly current: Listener }> {
  const heard = { old: { tools: 0, resources: 0 }, current: { tools: 0, resources: 0 } };
  const old = closed(new LegacyClient({ name: "old", version: "1" }));
  old.setNotificationHandler(ToolListChangedNotificationSchema, () => void heard.old.tools++);
  old.setNotificationHandler(ResourceListChangedNotificationSchema, () => void heard.old.resources++);
  await old.connect(new LegacyTransport(new URL(gateway.mcp)) as Transport);
  const current = closed(new ModernClient({ name: "new", version: "1" }, { versionNegotiation: { mode: "auto" } }));
  current.setNotificationHandler("notifications/tools/list_changed", () => void heard.current.tools++);
  current.setNotificationHandler("notifications/resources/list_changed", () => void heard.current.resources++);
  await current.connect(new ModernTransport(new URL(gateway.mcp)));
  await current.listen({ toolsListChanged: true, resourcesListChanged: true });
  // The event stream of the old one stands once its session is listened to.
  await eventually(async () => (gateway.running.stats().streams >= 2 ? true : undefined));
  return heard;
}

describe("a server that announces changes", () => {
  it("reaches clients of both eras once for each real change, and never for one that is none", async () => {
    const legacy = closed(await startLegacyUpstream());
    const gateway = closed(
      await startTestGateway(
        { upstreams: { legacy: { url: legacy.url } } },
        {},
        { timing: { catalog: { calmMs: 0 } } },
      ),
    );
    const caller = closed(await connectSdk1(gateway.mcp));
    await caller.call("legacy__echo");
    const { old, current } = await listeners(gateway);
    for (const change of [1, 2]) {
      await legacy.announce();
      legacy.tools.push(`extra-${change}`);
      await legacy.announce();
      await eventually(async () => (old.tools >= change && current.tools >= change ? true : undefined));
      expect(await caller.tools()).toContain(`legacy__extra-${change}`);
      expect([old, current]).toEqual([
        { tools: change, resources: 0 },
        { tools: change, resources: 0 },
      ]);
    }
  });

  it("to every new session costs no reading of its lists per session", async () => {
    const legacy = closed(await startLegacyUpstream(0, { announces: true }));
    const timing = { catalog: { calmMs: 600_000 } };
    const gateway = closed(await startTestGateway({ upstreams: { legacy: { url: legacy.url } } }, {}, { timing }));
    const { old, current } = await listeners(gateway);
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const client = closed(await connectSdk1(gateway.mcp));
        expect(await client.call("legacy__echo", { n })).toMatchObject({ isError: false });
      }),
    );
    expect(legacy.sessions.size).toBe(51);
    await Promise.all([...legacy.sessions.values()].map((session) => session.listening));
    // Once at the start and once for the first announcement; the 50 others wait for the calm to end.
    expect(legacy.listed.filter((method) => method === "tools/list").length).toBeLessThanOrEqual(2);
    expect(legacy.listed.filter((method) => method === "resources/list").length).toBeLessThanOrEqual(2);
    expect([old, current]).toEqual([
      { tools: 0, resources: 0 },
      { tools: 0, resources: 0 },
    ]);
  });
});

describe("a list in pages", () => {
  it("is shown whole, and one that never ends until it repeats a cursor", async () => {
    const upstream = closed(
      await startRawUpstream(
        legacyScript((request, response) => {
          const params = request.body["params"];
          const cursor = isObject(params) ? params["cursor"] : undefined;
          if (request.method !== "tools/list") answer(request, response, { resources: [], resourceTemplates: [] });
          else if (request.path === "/endless") {
            answer(request, response, { tools: [{ name: "again", inputSchema }], nextCursor: "same" });
          } else {
            const page = cursor === undefined ? 1 : Number(cursor);
            const tools = [1, 2].map((n) => ({ name: `tool-${page}-${n}`, inputSchema }));
            answer(request, response, { tools, ...(page < 3 ? { nextCursor: String(page + 1) } : {}) });
          }
        }),
      ),
    );
    const gateway = closed(
      await startTestGateway({
        upstreams: { paged: { url: upstream.url }, endless: { url: upstream.url.replace("/mcp", "/endless") } },
      }),
    );
    const client = closed(await connectRaw(gateway.mcp));
    expect(await client.tools()).toEqual([
      ...["1-1", "1-2", "2-1", "2-2", "3-1", "3-2"].map((number) => `paged__tool-${number}`),
      "endless__again",
    ]);
    const asked = upstream.requests.filter(({ path, method }) => path === "/endless" && method === "tools/list");
    expect(asked).toHaveLength(2);
    expect(gateway.logged.join("\n")).toContain("repeats a cursor");
  });
});

describe("names", () => {
  const long = (end: string): string => `${"a-tool-with-a-long-name-".repeat(4).slice(0, 89)}${end}`;
  const names = [long("x"), long("y"), "plain", "delete_repo", "delete_user", "secret-read"];

  const start = async (tools: object = { deny: ["delete_*"] }, more: object = {}) => {
    const upstream = closed(
      await startRawUpstream(
        legacyScript((request, response) => {
          const params = request.body["params"];
          if (request.method === "tools/list") {
            answer(request, response, { tools: names.map((name) => ({ name, inputSchema })) });
          } else if (request.method === "tools/call" && isObject(params)) {
            answer(request, response, { content: [{ type: "text", text: `ran ${String(params["name"])}` }] });
          } else answer(request, response, { resources: [], resourceTemplates: [] });
        }),
      ),
    );
    const config = (rules: object) => ({ upstreams: { up: { url: upstream.url, tools: rules } } });
    const gateway = closed(await startTestGateway({ ...config(tools), ...more }));
    return { upstream, gateway, config };
  };

  it.each(CLIENTS)(
    "of 90 characters are short and apart, and each calls its own tool ($client)",
    async ({ connect }) => {
      const { gateway } = await start();
      const client = closed(await connect(gateway.mcp));
      const shown = (await client.tools()).filter((name) => name.includes("long-name"));
      expect(new Set(shown).size).toBe(2);
      for (const [index, name] of shown.entries()) {
        expect(name.length).toBeLessThanOrEqual(64);
        expect(await client.call(name)).toMatchObject({ text: `ran ${names[index]}` });
      }
      const own = closed(await connect(`${gateway.mcp}/up`));
      expect(await own.call(names[1] ?? "")).toMatchObject({ text: `ran ${names[1]}` });
    },
  );

  it("that are denied, or not allowed, do not exist, and a change of that ends no session", async () => {
    const { upstream, gateway, config } = await start();
    const client = closed(await connectSdk1(gateway.mcp));
    expect((await client.tools()).filter((name) => !name.includes("long"))).toEqual(["up__plain", "up__secret-read"]);
    await expect(client.call("up__delete_repo")).rejects.toThrow(/Unknown tool/);
    expect(await client.call("up__plain")).toMatchObject({ text: "ran plain" });
    const opened = () => upstream.requests.filter(({ method }) => method === "initialize").length;
    const before = opened();
    const { old, current } = await listeners(gateway);

    gateway.reconfigure(config({ allow: ["p*", "delete_*"], deny: ["*_user"] }));
    // At once: no moment without the tools that stay.
    expect(await client.tools()).toEqual(["up__plain", "up__delete_repo"]);
    expect(await client.call("up__delete_repo")).toMatchObject({ text: "ran delete_repo" });
    await expect(client.call("up__secret-read")).rejects.toThrow(/Unknown tool/);
    await eventually(async () => (old.tools === 1 && current.tools === 1 ? true : undefined));
    expect(opened()).toBe(before);
  });

  it("of an endpoint that shows other tools after a reload are told to its clients", async () => {
    const endpoints = (tools: readonly string[]) => ({ endpoints: { some: { upstreams: ["up"], tools } } });
    // From the start: who comes soon after a reload may be told of it, too.
    const { gateway, config } = await start({}, endpoints(["up/plain"]));
    const some: TestGateway = { ...gateway, mcp: `${gateway.mcp}/some`, running: gateway.running };
    const { old, current } = await listeners(some);
    gateway.reconfigure({ ...config({}), ...endpoints(["up/delete_*"]) });
    await eventually(async () => (old.tools === 1 && current.tools === 1 ? true : undefined));
    const client = closed(await connectRaw(some.mcp));
    expect(await client.tools()).toEqual(["up__delete_repo", "up__delete_user"]);
  });
});

describe.each([
  ["legacy", (port: number) => startLegacyUpstream(port)],
  ["modern", (port: number) => startModernUpstream(port)],
] as const)("a %s server that is not there when the gateway starts", (era, start) => {
  let server: { close(): Promise<void> } | undefined;
  afterEach(() => server?.close());

  it("appears by itself, goes when it is down for long, comes back, and clients hear of all that", async () => {
    const port = await freePort();
    const gateway = closed(
      await startTestGateway(
        { upstreams: { late: { url: `http://127.0.0.1:${port}/mcp` } } },
        {},
        {
          timing: { catalog: { graceMs: 200 }, upstream: { backoffMs: 20, backoffCapMs: 100 } },
        },
      ),
    );
    const { old, current } = await listeners(gateway);
    const client = closed(await connectRaw(gateway.mcp));
    const heard = () => [old.tools, current.tools, old.resources];
    const until = async (shown: boolean, times: number): Promise<void> => {
      await eventually(async () => ((await client.tools()).includes("late__echo") === shown ? true : undefined));
      await eventually(async () => (heard().every((count) => count >= times) ? true : undefined));
      expect(heard()).toEqual([times, times, times]);
    };
    expect(await client.tools()).toEqual([]);

    server = await start(port);
    await until(true, 1);
    await server.close();
    await eventually(async () => {
      const state = gateway.running.wired.upstreams.get("late")?.status().state;
      return state === "down" ? true : undefined;
    });
    expect(await client.tools(), "listed while the grace period lasts").toContain("late__echo");
    expect(await client.resources(), "and so are its resources").toHaveLength(1);
    const down = { isError: true, text: expect.stringMatching(/Server: late/) };
    expect(await client.call("late__echo", { text: "hi" })).toMatchObject(down);
    await until(false, 2);
    expect(await client.call("late__echo", { text: "hi" }), "by an agent that still knows it").toMatchObject(down);
    await expect(client.call("late__never-was")).rejects.toThrow(/Unknown tool/);
    server = await start(port);
    await until(true, 3);
    expect(await client.call("late__echo", { text: "hi" })).toMatchObject({ isError: false });
    expect(gateway.running.wired.upstreams.get("late")?.status()).toMatchObject({ era, state: "ready" });
  });
});
