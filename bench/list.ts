/**
 * How long `tools/list` takes when 1,000 tools are cached: over one connection, one request after the other.
 *
 *   npx tsx bench/list.ts [--requests 2000] [--tools 1000] [--dist]
 */
import { parseArgs } from "node:util";
import { createClient, percentile } from "./client.ts";
import { cpuMicros } from "./machine.ts";
import { table } from "./report.ts";
import { withGateway } from "./scratch.ts";

const { values: options } = parseArgs({
  options: {
    requests: { type: "string", default: "2000" },
    tools: { type: "string", default: "1000" },
    dist: { type: "boolean", default: false },
  },
});
const requests = Number(options.requests);
const tools = Number(options.tools);

const headers = {
  "Content-Type": "application/json",
  Accept: "application/json, text/event-stream",
  "MCP-Protocol-Version": "2026-07-28",
  "Mcp-Method": "tools/list",
};
const body = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/list",
  params: {
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
});

await withGateway({ policies: 0, tools, dist: options.dist }, async ({ gateway }) => {
  const client = createClient(1);
  const ask = async () => {
    const begin = performance.now();
    const answer = await client.post(gateway.url, body, headers);
    return { micros: (performance.now() - begin) * 1000, answer };
  };
  const first = await ask();
  const listed = JSON.parse(first.answer.body).result?.tools?.length;
  if (listed !== tools) throw new Error(`The gateway listed ${listed} tools: ${first.answer.body.slice(0, 300)}`);

  for (let i = 0; i < 200; i++) await ask();
  const before = cpuMicros(gateway.program.pid);
  const times: number[] = [];
  for (let i = 0; i < requests; i++) times.push((await ask()).micros);
  const cpu = (cpuMicros(gateway.program.pid) - before) / requests;
  client.close();

  times.sort((a, b) => a - b);
  process.stdout.write(
    `${table([
      [`tools/list of ${tools} tools, ${Math.round(first.answer.body.length / 1024)} KB`, "p50", "p99", "CPU"],
      ["", ...[percentile(times, 0.5), percentile(times, 0.99), cpu].map((micros) => `${Math.round(micros)} µs`)],
    ])}\n`,
  );
});
