/**
 * Whether memory stays flat: a million calls with arguments of random shape against policies that read them. Whatever
 * keeps something per shape, per key or per call shows as a line that climbs.
 *
 *   npx tsx bench/memory.ts [--calls 1000000] [--minutes 10] [--dist]
 */
import { parseArgs } from "node:util";
import { createClient } from "./client.ts";
import { echoBody, echoHeaders } from "./echo-call.ts";
import { residentBytes } from "./machine.ts";
import { withGateway } from "./scratch.ts";

const { values: options } = parseArgs({
  options: {
    calls: { type: "string", default: "1000000" },
    minutes: { type: "string", default: "10" },
    dist: { type: "boolean", default: false },
  },
});
const calls = Number(options.calls);
const deadline = Date.now() + Number(options.minutes) * 60_000;
const CONNECTIONS = 16;
const LINES = 20;

/** A value of random type, with keys that never come back. */
function randomValue(depth: number): unknown {
  const kind = Math.floor(Math.random() * (depth > 0 ? 6 : 4));
  if (kind === 0) return Math.random() * 1e6;
  if (kind === 1) return Math.random() < 0.5;
  if (kind === 2) return Math.random().toString(36);
  if (kind === 3) return null;
  const length = Math.floor(Math.random() * 4);
  if (kind === 4) return Array.from({ length }, () => randomValue(depth - 1));
  return Object.fromEntries(
    Array.from({ length }, () => [Math.random().toString(36).slice(2), randomValue(depth - 1)]),
  );
}

await withGateway({ policies: 100, tools: 1, dist: options.dist }, async ({ gateway }) => {
  const client = createClient(CONNECTIONS);
  const headers = echoHeaders(undefined);
  const print = (text: string) => process.stdout.write(`${text}\n`);
  let sent = 0;
  let next = 0;
  let refused = 0;
  const samples: number[] = [];
  print("       calls   resident");

  async function worker(): Promise<void> {
    while (sent < calls && Date.now() < deadline) {
      sent++;
      const extra = randomValue(5);
      const body = echoBody(sent, { text: "x", amount: sent % 500, [`extra_${sent % 1000}`]: extra });
      const answer = await client.post(gateway.url, body, headers);
      if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body.slice(0, 300)}`);
      if (answer.body.includes('"isError":true')) refused++;
      if (sent >= next) {
        next += calls / LINES;
        const megabytes = residentBytes(gateway.program.pid) / (1 << 20);
        samples.push(megabytes);
        print(`${sent.toLocaleString("en").padStart(12)}   ${megabytes.toFixed(0).padStart(5)} MB`);
      }
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  client.close();
  if (samples.length < 4) throw new Error("Too few calls for a verdict: give it more --minutes.");

  const middle = samples.length >> 1;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const growth = mean(samples.slice(middle)) - mean(samples.slice(middle >> 1, middle));
  print(`\n${sent.toLocaleString("en")} calls, ${refused} refused by a policy`);
  print(`second half over second quarter: ${growth >= 0 ? "+" : ""}${growth.toFixed(1)} MB`);
});
