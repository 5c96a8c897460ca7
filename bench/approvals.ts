/**
 * What waiting for people costs: from the approval of a call that is held to its arrival at the server, and the API and
 * expiry with 10,000 open requests.
 *
 *   npx tsx bench/approvals.ts [--calls 300] [--open 10000] [--dist]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ApprovalBody, approvalListSchema } from "../src/admin/approvals/schema.ts";
import { people } from "../test/support/approval-people.ts";
import { answer, modernScript, startRawUpstream } from "../test/support/raw-upstream.ts";
import { type BenchGateway, startApprovalGateway, writeApprovalFiles } from "./approval-gateway.ts";
import { expireAll, fill } from "./approval-store.ts";
import { createClient, percentile } from "./client.ts";
import { echoBody, echoHeaders } from "./echo-call.ts";
import { table } from "./report.ts";

const { values: options } = parseArgs({
  options: {
    calls: { type: "string", default: "300" },
    open: { type: "string", default: "10000" },
    dist: { type: "boolean", default: false },
  },
});
const calls = Number(options.calls);
const open = Number(options.open);
const client = createClient(8);
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const ms = (value: number): string => `${value.toFixed(1)} ms`;
const TOOL = { name: "echo", inputSchema: { type: "object" } };
/** Calls before the first that counts. */
const WARM_UP = 50;

const json = { ...people.bearer("fin"), "Content-Type": "application/json" };
const row = (name: string, times: readonly number[]): readonly string[] => {
  const sorted = [...times].sort((a, b) => a - b);
  return [name, ms(percentile(sorted, 0.5)), ms(percentile(sorted, 0.99)), String(times.length)];
};

async function list(gateway: BenchGateway, query: string): Promise<readonly ApprovalBody[]> {
  const { status, body } = await client.get(`${gateway.url}/api/v1/approvals?${query}`, people.bearer("fin"));
  if (status !== 200) throw new Error(`The list answered ${status}: ${body}`);
  return approvalListSchema.parse(JSON.parse(body)).items;
}

async function approve(gateway: BenchGateway, request: ApprovalBody): Promise<void> {
  const voice = { decision: "approve", version: request.version, arguments_digest: request.arguments_digest };
  const url = `${gateway.url}/api/v1/approvals/${request.id}/decision`;
  const { status, body } = await client.post(url, JSON.stringify(voice), json);
  if (status !== 200) throw new Error(`The decision answered ${status}: ${body}`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

let arrived = (_at: number): void => {};
const upstream = await startRawUpstream(
  modernScript((request, response) => {
    if (request.method === "tools/call") arrived(performance.now());
    const content = { content: [{ type: "text", text: "done" }] };
    const result = request.method === "tools/list" ? { tools: [TOOL], ttlMs: 0, cacheScope: "private" } : content;
    answer(request, response, { resultType: "complete", ...result });
  }),
);
const dir = mkdtempSync(join(tmpdir(), "portcullis-bench-"));
const files = await writeApprovalFiles(dir, upstream.url);
try {
  const gateway = await startApprovalGateway(files, options.dist);
  try {
    const held: number[] = [];
    for (let n = 0; n < WARM_UP + calls; n += 1) {
      const headers = { ...echoHeaders(undefined), ...people.bearer("ann") };
      const call = client.post(`${gateway.url}/mcp/bench`, echoBody(n, { n }), headers);
      let request: ApprovalBody | undefined;
      while (request === undefined) [request] = await list(gateway, "decidable=true&limit=1");
      const dispatched = new Promise<number>((resolve) => {
        arrived = resolve;
      });
      const begin = performance.now();
      await approve(gateway, request);
      held.push((await dispatched) - begin);
      const { body } = await call;
      if (!body.includes("done")) throw new Error(body);
    }
    print(`\n${table([["", "p50", "p99", "times"], row("approval sent → call at its server", held.slice(WARM_UP))])}`);
  } finally {
    await gateway.stop();
  }

  const filled = await timed(() => fill(files.file, open));
  print(`\n${open.toLocaleString("en")} requests opened in ${(filled / 1000).toFixed(1)} s\n`);
  const full = await startApprovalGateway(files, options.dist);
  try {
    const rows = [["", "p50", "p99", "times"] as readonly string[]];
    for (const query of ["decidable=true&limit=50", "state=pending&limit=100", "mine=true", "tool=bench/other"]) {
      const times: number[] = [];
      for (let n = 0; n < calls; n += 1) times.push(await timed(() => list(full, query)));
      rows.push(row(`GET /approvals?${query}`, times));
    }
    const decided: number[] = [];
    const pages: ApprovalBody[] = [];
    while (pages.length < calls) {
      const page = await list(full, "decidable=true&limit=100");
      for (const request of page) decided.push(await timed(() => approve(full, request)));
      pages.push(...page);
    }
    rows.push(row("POST /approvals/{id}/decision", decided));
    print(table(rows));
  } finally {
    await full.stop();
  }
  const expiry = await expireAll(files.file);
  const each = ((expiry.ms * 1000) / expiry.count).toFixed(0);
  print(
    `\n${expiry.count.toLocaleString("en")} requests expired in ${(expiry.ms / 1000).toFixed(1)} s, ${each} µs each;`,
  );
  print(`the longest time that nothing else got its turn: ${ms(expiry.longestMs)}`);
  print(`the first look at them after a start: ${ms(expiry.firstLookMs)}`);
} finally {
  client.close();
  await upstream.close();
  rmSync(dir, { recursive: true, force: true });
}
