import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect, it } from "vitest";
import { CallerList, readCallers } from "../../../src/console/sessions/callers.tsx";
import type { AuditEntry } from "../../../src/store/audit/audit-rows.ts";
import { auditEntry } from "../../support/audit-entry.ts";
import { startBank } from "../../support/bank-upstream.ts";
import { consoleUsers, sessionCookie, startConsole } from "../../support/console.ts";
import { eventually } from "../../support/eventually.ts";
import { closeAfterEach } from "../../support/upstreams.ts";

const closing = closeAfterEach();

it("clients without a session are not taken for nobody: who called is listed, with how much of it failed", async () => {
  const bank = closing(await startBank());
  const gateway = await startConsole({ upstreams: { bank: { url: bank.url } } });
  const client = closing(new Client({ name: "new", version: "2" }, { versionNegotiation: { mode: "auto" } }));
  const requestInit = { headers: consoleUsers.bearer("eve") };
  await client.connect(new StreamableHTTPClientTransport(new URL(gateway.mcp), { requestInit }));
  for (const amount of [1, 2]) await client.callTool({ name: "bank__pay", arguments: { amount } });
  const headers = { cookie: await sessionCookie(gateway, "carla") };
  const page = async () => (await fetch(`${gateway.url}/console/sessions`, { headers })).text();
  const html = await eventually(async () => {
    const shown = await page();
    return shown.includes("Who called in the last day") ? shown : undefined;
  });
  expect(html).not.toContain("Nobody is connected");
  expect(html).toContain("No client holds a session now.");
  expect(html).toContain('<a href="/console/activity?user=eve&amp;client=new%2F2">2</a>');
  const calls = await fetch(`${gateway.url}/console/activity?user=eve&client=new%2F2`, { headers });
  expect((await calls.text()).match(/id="entry-/g)).toHaveLength(2);
});

it("an approved call and its retry are two calls, whatever their run is, and a malformed call has failed", async () => {
  const entries: readonly AuditEntry[] = [
    { outcome: "approval_pending", approval: "apr_1", decision: "request_approval" },
    { outcome: "approval_joined", approval: "apr_1", decision: "request_approval" },
    { outcome: "tool_error", approval: "apr_1", decision: "request_approval" },
    { outcome: "JSON_MALFORMED", decision: null },
    { actor: "eve", outcome: "ok", approval: "apr_2" },
  ].map((changes, seq) => auditEntry({ seq, callId: `call_${seq}`, ...changes }));
  const search = () => Promise.resolve({ entries, nextCursor: undefined });
  const { callers } = await readCallers({ search }, 0);
  expect(callers).toMatchObject([{ last: { actor: "ann" }, calls: 3, failed: 2 }]);
});

it.each(["/", "", null])("a client that said no name is shown as unnamed: %j", (client) => {
  const found = { callers: [{ last: auditEntry({ client }), calls: 1, failed: 0 }], more: false };
  expect(String(CallerList({ found, now: 0 }))).toContain("unnamed");
});
