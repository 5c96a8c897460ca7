import { join } from "node:path";
import Database from "better-sqlite3";

import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { modern, open, send } from "../support/raw-mcp.ts";
import { answerRaw, modernScript, type RawUpstream, startRawUpstream } from "../support/raw-upstream.ts";
import { createUsers } from "../support/users.ts";

const people = createUsers({ ann: ["employee"], carla: ["admin"] });
const KEY = `pk_${"z9Q".repeat(15)}`;
const INFO = { name: `agent ${KEY}`, version: `1 ${KEY}`, title: `An agent with ${KEY}` };

let upstream: RawUpstream;
let gateway: TestGateway;
const port = (): number => Number(new URL(gateway.url).port);

beforeAll(async () => {
  upstream = await startRawUpstream(
    modernScript((request, response) => {
      const id = JSON.stringify(request.body["id"]);
      const result = { resultType: "complete", tools: [{ name: "pay", inputSchema: { type: "object" } }], content: [] };
      answerRaw(response, `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify({ ...result, ttlMs: 0 })}}`);
    }),
  );
  gateway = await startTestGateway(
    {
      auth: { ...people.auth, admin: { roles: ["admin"] } },
      upstreams: { bank: { url: upstream.url } },
      approval_flows: { single: { stages: [{ approvers: { roles: ["admin"] } }] } },
    },
    {
      "p.yaml":
        "policies:\n  - { id: ask, target: { tools: [bank/pay] }, then: { request_approval: { flow: single, message: Pay. } } }\n",
    },
  );
});

afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
});

it("what a client writes of a credential into its own name is kept and shown nowhere", async () => {
  const headers = { Authorization: `Bearer ${people.key("ann")}` };
  const meta = { "io.modelcontextprotocol/clientInfo": INFO };
  const legacy = { protocolVersion: "2025-11-25", clientInfo: INFO, capabilities: {} };
  await send(port(), { headers, body: { jsonrpc: "2.0", id: 0, method: "initialize", params: legacy } });
  const params = { notifications: { toolsListChanged: true } };
  const listening = await open(port(), modern("subscriptions/listen", params, { headers, meta }));
  await listening.contains("acknowledged");
  const calling = await open(port(), modern("tools/call", { name: "bank__pay", arguments: {} }, { headers, meta }));
  const shown = async (path: string): Promise<string> =>
    (await fetch(`${gateway.url}/api/v1/${path}`, { headers: people.bearer("carla") })).text();
  await expect.poll(() => shown("approvals"), { timeout: 15_000 }).toContain('"client_name":"agent');
  for (const path of ["approvals", "sessions", "audit"]) {
    const text = await shown(path);
    expect(text, path).toContain("agent ");
    expect(text, path).not.toContain(KEY);
  }
  expect(gateway.logged.join("\n")).not.toContain(KEY);
  // What policies compare has to be known as it was said for as long as its session is.
  expect(tablesWith(join(gateway.dir, "data/portcullis.db"), KEY)).toEqual(["sessions"]);
  listening.abort();
  calling.abort();
});

function tablesWith(file: string, text: string): readonly string[] {
  const database = new Database(file, { readonly: true });
  const names = database.prepare("select name from sqlite_master where type = 'table'").pluck().all();
  const found = names.map(String).filter((name) =>
    database
      .prepare(`select * from "${name}"`)
      .all()
      .some((row) => JSON.stringify(row).includes(text)),
  );
  database.close();
  return found;
}
