/**
 * What idle sessions cost: resident memory of the gateway before and after 1,000 sessions of 2025-era clients were
 * opened and left alone, first without and then with the stream that each client may keep open.
 *
 *   npx tsx bench/sessions.ts [--sessions 1000] [--dist]
 */
import { Agent, get } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createClient } from "./client.ts";
import { residentBytes } from "./machine.ts";
import { table } from "./report.ts";
import { withGateway } from "./scratch.ts";

const { values: options } = parseArgs({
  options: { sessions: { type: "string", default: "1000" }, dist: { type: "boolean", default: false } },
});
const count = Number(options.sessions);
const BASE = { "Content-Type": "application/json", Accept: "application/json, text/event-stream" };

await withGateway({ policies: 0, tools: 1, dist: options.dist }, async ({ gateway }) => {
  const client = createClient(8);
  const megabytes = () => residentBytes(gateway.program.pid) / (1 << 20);

  const open = async (): Promise<string> => {
    const answer = await client.post(
      gateway.url,
      JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "initialize",
        params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "bench", version: "1" } },
      }),
      BASE,
    );
    const session = answer.headers["mcp-session-id"];
    if (typeof session !== "string") throw new Error(`No session: ${answer.status} ${answer.body.slice(0, 300)}`);
    await client.post(gateway.url, JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }), {
      ...BASE,
      "Mcp-Session-Id": session,
      "MCP-Protocol-Version": "2025-11-25",
    });
    return session;
  };
  const openMany = async (many: number): Promise<string[]> => {
    const sessions: string[] = [];
    while (sessions.length < many) {
      const batch = Math.min(8, many - sessions.length);
      sessions.push(...(await Promise.all(Array.from({ length: batch }, open))));
    }
    return sessions;
  };

  // The first sessions pay for what all share (compiled code, buffers); they are closed again before counting.
  for (const session of await openMany(count)) await end(session);
  await pause(3_000);
  const before = megabytes();
  const sessions = await openMany(count);
  await pause(3_000);
  const idle = megabytes();

  const agent = new Agent({ keepAlive: true, maxSockets: count });
  await Promise.all(sessions.map((session) => stream(agent, session)));
  await pause(3_000);
  const listening = megabytes();
  agent.destroy();
  client.close();

  const row = (name: string, value: number) => [name, `${value.toFixed(1)} MB`, `${(value - before).toFixed(1)} MB`];
  process.stdout.write(
    `${table([
      ["resident memory", "in all", "more"],
      [`before, ${count} sessions opened and closed`, `${before.toFixed(1)} MB`, ""],
      row(`${count} idle sessions`, idle),
      row(`${count} idle sessions with an open stream each`, listening),
    ])}\n`,
  );

  async function end(session: string): Promise<void> {
    const response = await fetch(gateway.url, { method: "DELETE", headers: { "Mcp-Session-Id": session } });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`A session could not be ended: ${response.status}`);
  }

  function stream(agent: Agent, session: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const headers = {
        Accept: "text/event-stream",
        "Mcp-Session-Id": session,
        "MCP-Protocol-Version": "2025-11-25",
      };
      get(gateway.url, { agent, headers }, (response) => {
        response.on("error", () => undefined).resume();
        if (response.statusCode === 200) resolve();
        else reject(new Error(`No stream: ${response.statusCode}`));
      }).once("error", reject);
    });
  }
});
