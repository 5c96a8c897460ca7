import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema, ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Served, serveMcp } from "../support/mcp-endpoint.ts";
import { PausingGateway } from "../support/pausing-gateway.ts";

let served: Served;
const closers: Array<() => Promise<void>> = [];

beforeEach(async () => {
  served = await serveMcp();
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await served.stop();
});

const requestInit = { headers: { Authorization: "Bearer alice" } };

async function legacyClient(): Promise<LegacyClient> {
  const client = new LegacyClient({ name: "v1", version: "1" }, { capabilities: { elicitation: {} } });
  client.setRequestHandler(ElicitRequestSchema, async () => ({ action: "accept", content: { name: "Ann" } }));
  await client.connect(new LegacyTransport(new URL(`${served.url}/mcp`), { requestInit }));
  closers.push(() => client.close());
  return client;
}

async function modernClient(versionNegotiation: "auto" | { pin: string }): Promise<ModernClient> {
  const client = new ModernClient(
    { name: "v2", version: "2" },
    { capabilities: { elicitation: {} }, versionNegotiation: { mode: versionNegotiation } },
  );
  client.setRequestHandler("elicitation/create", async () => ({ action: "accept", content: { name: "Ann" } }));
  await client.connect(new ModernTransport(new URL(`${served.url}/mcp`), { requestInit }));
  closers.push(() => client.close());
  return client;
}

it("serves an SDK v1 client: lists, calls, progress, an elicitation on the call's stream", async () => {
  const client = await legacyClient();
  expect(client.getServerVersion()).toEqual({ name: "portcullis", version: "1.2.3" });
  expect(client.getInstructions()).toBe("Tools that each do one thing.");
  const { tools } = await client.listTools();
  expect(tools.map((tool) => tool.name)).toContain("echo");
  const echoed = await client.callTool({ name: "echo", arguments: { a: 1 } });
  expect(echoed.content).toEqual([{ type: "text", text: '{"a":1}' }]);
  const seen: number[] = [];
  await client.callTool({ name: "steps" }, undefined, { onprogress: ({ progress }) => seen.push(progress) });
  expect(seen).toEqual([1, 2, 3]);
  const asked = await client.callTool({ name: "form" });
  expect(asked.content).toEqual([{ type: "text", text: "hello Ann" }]);
});

it("tells an SDK v1 client of changed lists on its GET stream", async () => {
  const client = await legacyClient();
  const changed = new Promise<void>((resolve) => {
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => resolve());
  });
  await expect.poll(() => served.endpoint.stats().streams).toBe(1);
  served.gateway.changed("tools", "one");
  await changed;
});

it("cancels upstream when an SDK v1 client aborts, and serves it on", async () => {
  const client = await legacyClient();
  const abort = new AbortController();
  const call = client.callTool({ name: "wait" }, undefined, { signal: abort.signal });
  await served.gateway.arrived(1);
  abort.abort("changed my mind");
  await expect(call).rejects.toThrow();
  await expect.poll(() => served.gateway.calls[0]?.cancellation.cancelled).toBe(true);
  expect((await client.callTool({ name: "echo" })).isError).toBeUndefined();
});

it("ends the session when an SDK v1 client terminates it", async () => {
  const client = new LegacyClient({ name: "v1", version: "1" });
  const transport = new LegacyTransport(new URL(`${served.url}/mcp`), { requestInit });
  await client.connect(transport);
  closers.push(() => client.close());
  await transport.terminateSession();
  expect(served.sessions.rows.size).toBe(0);
  expect(served.gateway.released).toHaveLength(1);
});

it.each([["auto" as const], [{ pin: "2026-07-28" }]])("serves an SDK v2 client that negotiates %j", async (mode) => {
  const client = await modernClient(mode);
  expect(client.getNegotiatedProtocolVersion()).toBe("2026-07-28");
  const { tools } = await client.listTools();
  expect(tools.map((tool) => tool.name)).toContain("echo");
  const echoed = await client.callTool({ name: "echo", arguments: { a: 1 } });
  expect(echoed.content).toEqual([{ type: "text", text: '{"a":1}' }]);
  const seen: number[] = [];
  await client.callTool({ name: "steps" }, { onprogress: ({ progress }) => seen.push(progress) });
  expect(seen).toEqual([1, 2, 3]);
  expect(served.sessions.rows.size).toBe(0);
});

it("tells an SDK v2 client what its call waits for before the client gives up", async () => {
  await served.stop();
  const gateway = new PausingGateway();
  served = await serveMcp({ gateway, limits: { legMs: 5 } });
  const client = await modernClient({ pin: "2026-07-28" });
  const { isError, content } = await client.callTool({ name: "pay", arguments: {} });
  expect(isError).toBe(true);
  expect(JSON.stringify(content)).toContain("Waiting for approval 1 of 2 (finance)");
  expect(gateway.waits).toHaveLength(10);
});
