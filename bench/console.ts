/**
 * What looking costs: the time of every page of the console, of searches and of the API's figures, with a full audit and
 * many open approvals; and what counting the audit takes.
 *
 *   npx tsx bench/console.ts [--rows 100000] [--open 5000] [--times 15] [--dist]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { people } from "../test/support/approval-people.ts";
import { answer, modernScript, startRawUpstream } from "../test/support/raw-upstream.ts";
import { startApprovalGateway, writeApprovalFiles } from "./approval-gateway.ts";
import { fill } from "./approval-store.ts";
import { countAudit, fillAudit } from "./audit-store.ts";
import { createClient } from "./client.ts";
import { median } from "./machine.ts";
import { table } from "./report.ts";

const { values: options } = parseArgs({
  options: {
    rows: { type: "string", default: "100000" },
    open: { type: "string", default: "5000" },
    times: { type: "string", default: "15" },
    dist: { type: "boolean", default: false },
  },
});
const times = Number(options.times);
const client = createClient(1);
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const ms = (value: number): string => `${value.toFixed(1)} ms`;
const DAY = 86_400_000;

const upstream = await startRawUpstream(
  modernScript((request, response) => {
    const tools = ["echo", "other"].map((name) => ({ name, inputSchema: { type: "object" } }));
    const lists = { resultType: "complete", tools, ttlMs: 0, cacheScope: "private" };
    answer(request, response, request.method === "tools/list" ? lists : { resultType: "complete", content: [] });
  }),
);
const dir = mkdtempSync(join(tmpdir(), "portcullis-bench-"));
try {
  const files = await writeApprovalFiles(dir, upstream.url);
  await fill(files.file, Number(options.open));
  const now = Date.now();
  const written = await fillAudit(files.file, { count: Number(options.rows), from: now - 30 * DAY, to: now - 1_000 });
  const counted = await countAudit(files.file);
  print(`\n${written.toLocaleString("en")} rows of the audit counted in ${(counted.ms / 1_000).toFixed(1)} s;`);
  print(`the longest time that nothing else got its turn: ${ms(counted.longestMs)}\n`);

  const gateway = await startApprovalGateway(files, options.dist);
  try {
    const signIn = async (who: "root" | "fin") => {
      const form = `key=${people.key(who)}`;
      const type = "application/x-www-form-urlencoded";
      const headers = { Origin: gateway.url, "Content-Type": type };
      const answered = await client.post(`${gateway.url}/console/sign-in`, form, headers);
      const [cookie] = [answered.headers["set-cookie"] ?? []].flat();
      if (cookie === undefined) throw new Error(`Nobody was signed in: ${answered.status}`);
      return { Cookie: cookie.split(";", 1)[0] ?? "" };
    };
    const [root, fin] = [await signIn("root"), await signIn("fin")];
    const look = async (path: string, headers: Record<string, string>) => {
      const { status, body } = await client.get(`${gateway.url}${path}`, headers);
      if (status !== 200) throw new Error(`${path} answered ${status}`);
      return body;
    };
    const linkIn = async (path: string, pattern: RegExp) => pattern.exec(await look(path, root))?.[0] ?? path;
    const from = new Date(now - 20 * DAY).toISOString().slice(0, 16);
    const to = new Date(now - 19 * DAY).toISOString().slice(0, 16);
    const call = await linkIn("/console/activity", /\/console\/activity\/call_[^"]+/);
    const approval = await linkIn("/console/approvals?state=open", /\/console\/approvals\/apr_[^"]+/);
    const pages: readonly (readonly [name: string, path: string, headers: Record<string, string>])[] = [
      ["approvals, an approver's", "/console/approvals", fin],
      ["approvals, an administrator's", "/console/approvals", root],
      ["one approval", approval, fin],
      ["activity", "/console/activity", root],
      ["… of a user", "/console/activity?user=ann%40acme.com", root],
      ["… of nobody", "/console/activity?user=nobody", root],
      ["… of a tool", "/console/activity?tool=crm%2Fdelete_customer", root],
      ["… of a rare decision", "/console/activity?decision=hide", root],
      ["… of a policy", "/console/activity?policy=eu-only", root],
      ["… of a policy that never matched", "/console/activity?policy=unknown", root],
      ["… with a policy in shadow", "/console/activity?mode=shadow", root],
      ["… within a day", `/console/activity?from=${from}&to=${to}`, root],
      ["… within a day, of nobody", `/console/activity?user=nobody&from=${from}&to=${to}`, root],
      ["… of a request id", call.replace("/activity/", "/activity?call="), root],
      ["… of an unknown trace", "/console/activity?call=unknown", root],
      ["… of an approval", "/console/activity?call=apr_1_7", root],
      [
        "… all at once",
        `/console/activity?user=bob&tool=payments%2Fpay&decision=deny&policy=eu-only&from=${from}`,
        root,
      ],
      ["newer ones", `/console/activity/newer?user=nobody&after=${written - 200}`, root],
      ["one call", call, root],
      ["figures, 24 hours", "/console/activity/figures?range=24h", root],
      ["figures, 7 days", "/console/activity/figures?range=7d", root],
      ["figures, 30 days", "/console/activity/figures?range=30d", root],
      ["policies", "/console/policies", root],
      ["one policy", "/console/policies/ask", root],
      ["try a call", "/console/policies/try", root],
      ["tools", "/console/tools", root],
      ["upstreams", "/console/upstreams", root],
      ["one upstream", "/console/upstreams/bench", root],
      ["sessions", "/console/sessions", root],
      ["you", "/console/you", root],
    ];
    const rows = [["", "median", "max", "kB"]];
    for (const [name, path, headers] of pages) {
      const took: number[] = [];
      let size = 0;
      for (let n = 0; n < times; n += 1) {
        const begin = performance.now();
        size = (await look(path, headers)).length;
        took.push(performance.now() - begin);
      }
      rows.push([name, ms(median(took)), ms(Math.max(...took)), (size / 1_024).toFixed(0)]);
    }
    print(table(rows));
  } finally {
    await gateway.stop();
  }
} finally {
  client.close();
  await upstream.close();
  rmSync(dir, { recursive: true, force: true });
}
