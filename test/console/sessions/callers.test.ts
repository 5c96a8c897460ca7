import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect, it } from "vitest";
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
