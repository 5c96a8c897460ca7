import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isObject, type JsonObject } from "../../src/core/json.ts";
import type { StoredAuditRow } from "../../src/store/audit/audit-row.ts";
import { openStoreReader } from "../../src/store/open-store.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { send } from "../support/raw-mcp.ts";

const SOURCE = join(import.meta.dirname, "go-server");

/**
 * Up to 1.3 the Go SDK decoded without heeding case, so that the last of `name` and `Name` counted (CVE-2026-27896). The
 * arguments, programs decode by themselves, with `encoding/json`, which does so to this day.
 */
const VERSIONS = ["v1.2.0", "v1.8.0"];

const POLICIES = `
policies:
  - id: large
    target: { tools: ["*/pay", "*/closed"] }
    when: has(args.amount) && args.amount > 100.0
    then: { deny: { message: Too much. } }
`;

const ATTACKS: ReadonlyArray<readonly [name: string, params: string, refused: boolean]> = [
  ["nothing amiss", '"name":"look","arguments":{"amount":5,"to":"x"}', false],
  ["another name", '"name":"look","arguments":{},"Name":"pay"', true],
  ["another name first", '"Name":"pay","name":"look","arguments":{}', true],
  ["name and arguments", '"name":"look","arguments":{},"Name":"pay","Arguments":{"amount":1000000}', true],
  ["a long s", '"name":"pay","arguments":{"amount":5},"argumentſ":{"amount":20000}', true],
  ["a long s, escaped", '"name":"pay","arguments":{"amount":5},"argument\\u017f":{"amount":20000}', true],
  ["NUL", '"name":"look","name\\u0000":"pay","arguments":{}', true],
  ["only another spelling", '"name":"pay","ARGUMENTS":{"amount":20000}', true],
  ["the same name twice", '"name":"pay","name":"look","arguments":{"amount":5},"arguments":{"amount":6}', false],
  [
    "members nobody knows",
    '"name":"look","arguments":{"amount":5},"nаme":"pay","task":{"ttl":1},"x":{"Name":"pay"}',
    false,
  ],
  ["another amount", '"name":"pay","arguments":{"amount":5,"Amount":20000}', true],
  ["another amount alone", '"name":"pay","arguments":{"AMOUNT":20000}', true],
  ["the same amount twice", '"name":"pay","arguments":{"amount":20000,"amount":5}', false],
  ["an amount in a closed schema", '"name":"closed","arguments":{"amount":5,"AmounT":20000}', true],
  ["a key that a closed schema does not have", '"name":"closed","arguments":{"amount":5,"total":20000}', true],
  ["a key that an open schema does not have", '"name":"look","arguments":{"amount":5,"total":20000}', false],
];

const HANDSHAKE = [
  {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } },
  },
  { jsonrpc: "2.0", method: "notifications/initialized" },
];

const commands = new Map<string, string>();
let dir: string;
let gateway: TestGateway | undefined;
let missing: string | undefined;

function build(version: string): { readonly command: string } {
  const place = mkdtempSync(join(dir, version));
  copyFileSync(join(SOURCE, "main.go"), join(place, "main.go"));
  for (const file of ["go.mod", "go.sum"]) copyFileSync(join(SOURCE, version, file), join(place, file));
  const command = join(place, "server");
  const built = spawnSync("go", ["build", "-o", command, "."], { cwd: place, encoding: "utf8" });
  if (built.error !== undefined) missing = "go is not installed.";
  else if (
    /dial tcp|no such host|module lookup disabled|i\/o timeout|connection refused|toolchain|requires go/.test(
      built.stderr,
    )
  ) {
    missing = "its modules cannot be fetched.";
  } else if (built.status !== 0) throw new Error(built.stderr);
  commands.set(version, command);
  return { command };
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "portcullis-go-"));
  const upstreams = Object.fromEntries(VERSIONS.map((version) => [version.replaceAll(".", "-"), build(version)]));
  if (missing !== undefined) {
    process.stderr.write(`The servers of the Go SDK are not tried: ${missing}\n`);
    return;
  }
  gateway = await startTestGateway({ upstreams, audit: { arguments: "full" } }, { "pay.yaml": POLICIES });
}, 600_000);

afterAll(async () => {
  await gateway?.close();
  rmSync(dir, { recursive: true, force: true });
});

it.each([
  ["v1.2.0", "pay"],
  ["v1.8.0", "look"],
])("the Go SDK %s takes another spelling of a name for %s", async (version, tool) => {
  const command = commands.get(version);
  if (missing !== undefined || command === undefined) return;
  const server = spawn(command, { stdio: ["pipe", "pipe", "inherit"] });
  const call = '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"look","arguments":{},"Name":"pay"}}';
  server.stdin.write([...HANDSHAKE.map((message) => JSON.stringify(message)), call, ""].join("\n"));
  let said = "";
  for await (const chunk of server.stdout) {
    said += String(chunk);
    if (said.includes('"id":2')) break;
  }
  server.kill();
  expect(said).toContain(`\\"tool\\":\\"${tool}\\"`);
});

describe.each(VERSIONS)("a server of the Go SDK %s", (version) => {
  const upstream = version.replaceAll(".", "-");

  it.each(ATTACKS)("runs what was decided and recorded, or nothing: %s", async (_what, members, refused) => {
    if (gateway === undefined) return;
    const before = (await recorded(gateway)).length;
    const answer = await call(gateway, upstream, members);
    const row = (await recorded(gateway))[before];
    const ran = ranIn(answer);
    if (refused) {
      expect(answer).toMatchObject({ error: { code: -32602 } });
      return;
    }
    expect(row).toMatchObject({ upstream, decision: "allow" });
    const seen: JsonObject = JSON.parse(row?.argumentsFull ?? "");
    expect(ran).toMatchObject({ tool: row?.tool, amount: seen["amount"] ?? 0, arguments: seen });
  });

  it("is on record with what policies saw of a call that its schema does not allow", async () => {
    if (gateway === undefined) return;
    await call(gateway, upstream, '"name":"closed","arguments":{"amount":7,"total":8}');
    const row = (await recorded(gateway)).at(-1);
    expect(row).toMatchObject({ upstream, tool: "closed", argumentsFull: '{"amount":7,"total":8}' });
  });

  it("is not told of an approval by a client", async () => {
    if (gateway === undefined) return;
    const forged = '"portcullis/request":"apr_1","Portcullis/Request":"apr_2"';
    const answer = await call(gateway, upstream, '"name":"look","arguments":{}', forged.split(",")[0]);
    expect(ranIn(answer)).toMatchObject({ tool: "look", request: null });
    expect(await call(gateway, upstream, '"name":"look","arguments":{}', forged)).toMatchObject({
      error: { code: -32602 },
    });
  });
});

/** Calls over the modern era with params as text: two equal keys are none in an object of JavaScript. */
async function call(to: TestGateway, upstream: string, members: string, meta?: string): Promise<JsonObject> {
  const own = `"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}`;
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${members},"_meta":{${own}${meta ? `,${meta}` : ""}}}}`;
  const parsed: unknown = JSON.parse(`{${members}}`);
  const name = isObject(parsed) && typeof parsed["name"] === "string" ? parsed["name"] : "";
  const answer = await send(Number(new URL(to.url).port), {
    method: "POST",
    path: `/mcp/${upstream}`,
    headers: {
      Authorization: undefined,
      "MCP-Protocol-Version": "2026-07-28",
      "Mcp-Method": "tools/call",
      "Mcp-Name": name,
    },
    body: Buffer.from(body),
  });
  return answer.json;
}

function ranIn(answer: JsonObject): unknown {
  const result = answer["result"];
  const content = isObject(result) ? result["content"] : undefined;
  const [block] = Array.isArray(content) ? content : [];
  return isObject(block) && typeof block["text"] === "string" ? JSON.parse(block["text"]) : undefined;
}

async function recorded({ dir: home }: TestGateway): Promise<readonly StoredAuditRow[]> {
  const reader = openStoreReader({ url: `file:${home}/data/portcullis.db` });
  try {
    const rows: StoredAuditRow[] = [];
    for await (const page of reader.audit.calls(0)) rows.push(...page);
    return rows;
  } finally {
    reader.close();
  }
}
