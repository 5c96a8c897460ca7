import { PassThrough } from "node:stream";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { expect, it } from "vitest";
import { createCallIds } from "../../src/core/ids.ts";
import type { Principal } from "../../src/core/principal.ts";
import { createStdioEdge } from "../../src/downstream/stdio/stdio.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { leakyStdio } from "../support/leaky.ts";
import { person, SILENT } from "../support/mcp-endpoint.ts";
import { startModernUpstream } from "../support/modern-upstream.ts";
import { UNHEARD } from "../support/refusals.ts";
import { closeAfterEach } from "../support/upstreams.ts";
import { createUsers } from "../support/users.ts";

const closed = closeAfterEach();
const users = createUsers({ ann: ["employee"], sam: ["employee", "support"] });

/** A session that keeps what it is told, and reads its list again whenever it is told to. */
interface Listener {
  /** The list of tools after each `list_changed`. */
  readonly lists: string[][];
}

type Name = "ann" | "sam";

it("tells exactly the sessions whose list of tools is another one after a policy file was edited", async () => {
  const upstream = closed(await startModernUpstream());
  const gateway = closed(
    await startTestGateway(
      { auth: users.auth, upstreams: { modern: { url: upstream.url }, leaky: leakyStdio().legacy } },
      { "p.yaml": policies() },
      { timing: { settleMs: 50_000 } },
    ),
  );
  const open = async (name: Name): Promise<readonly Listener[]> => [
    await listenSdk1(gateway, name),
    await listenSdk2(gateway, name),
    await listenStdio(gateway, name),
  ];
  const [anns, sams] = [await open("ann"), await open("sam")];
  const everybody = [...anns, ...sams];
  await eventually(async () => (gateway.running.stats().streams >= 4 ? true : undefined));
  const heard = () => [anns.map(({ lists }) => lists.length), sams.map(({ lists }) => lists.length)];

  // Only who is not in support loses a tool.
  await edit(gateway, policies({ hidden: ["modern/order"], unless: "support" }));
  await eventually(async () => (anns.every(({ lists }) => lists.length === 1) ? true : undefined));
  // What changes no list: other words, a condition on arguments, a policy in shadow, a budget.
  await edit(
    gateway,
    policies({ hidden: ["modern/order"], unless: "support", words: "Only support orders.", more: true }),
  );
  // Everybody loses a tool: had anybody been told before without a reason, it would show now.
  await edit(gateway, policies({ hidden: ["modern/order"], unless: "support", more: true, gone: ["modern/wait"] }));
  await eventually(async () => (everybody.every(({ lists }) => lists.length > 0) ? true : undefined));
  await eventually(async () => (anns.every(({ lists }) => lists.length > 1) ? true : undefined));
  expect(heard()).toEqual([
    [2, 2, 2],
    [1, 1, 1],
  ]);
  for (const { lists } of anns) expect(lists.at(-1)).not.toContain("modern__order");
  for (const { lists } of sams) expect(lists.at(-1)).toContain("modern__order");
  for (const { lists } of everybody) expect(lists.at(-1)).not.toContain("modern__wait");

  // A definition that is listed otherwise is another list: results of this tool need not fit its schema any more.
  await edit(
    gateway,
    policies({ redacted: ["leaky/record"], hidden: ["modern/order"], unless: "support", gone: ["modern/wait"] }),
  );
  await eventually(async () => (everybody.every(({ lists }) => lists.length > 1) ? true : undefined));
  await eventually(async () => (anns.every(({ lists }) => lists.length > 2) ? true : undefined));
  expect(heard()).toEqual([
    [3, 3, 3],
    [2, 2, 2],
  ]);
}, 60_000);

function policies(
  options: {
    readonly hidden?: readonly string[];
    readonly unless?: string;
    readonly words?: string;
    readonly more?: boolean;
    readonly gone?: readonly string[];
    readonly redacted?: readonly string[];
  } = {},
): string {
  const { hidden = [], unless = "", words = "No.", more = false, gone = [], redacted = [] } = options;
  const on = (id: string, tool: string, rest: string): string =>
    `  - { id: ${id}, target: { tools: [${tool}] }, ${rest} }`;
  const entries = [
    on("base", "modern/echo", `when: 'args.text == "x"', then: { deny: { message: ${words} } }`),
    ...hidden.map((tool, index) =>
      on(`hidden-${index}`, tool, `when: '!("${unless}" in user.roles)', then: { deny: { message: ${words} } }`),
    ),
    ...gone.map((tool, index) => on(`gone-${index}`, tool, "then: { hide: {} }")),
    ...redacted.map((tool, index) => on(`redacted-${index}`, tool, "then: { redact: { detect: [email] } }")),
    ...(more ? MORE.map((rest, index) => on(`more-${index}`, "modern/ask", rest)) : []),
  ];
  return `policies:\n${entries.join("\n")}\n`;
}

// Nothing that a list shows.
const MORE = [
  "mode: shadow, then: { hide: {} }",
  "enabled: false, then: { hide: {} }",
  "then: { rate_limit: { limit: 5, per: 1h } }",
];

async function edit(gateway: TestGateway, text: string): Promise<void> {
  const digest = gateway.running.wired.policies.current().digest;
  gateway.writePolicy("p.yaml", text);
  await eventually(async () => (gateway.running.wired.policies.current().digest === digest ? undefined : true));
}

async function listenSdk1(gateway: TestGateway, name: Name): Promise<Listener> {
  const lists: string[][] = [];
  const client = closed(new LegacyClient({ name: "old", version: "1" }));
  client.setNotificationHandler(ToolListChangedNotificationSchema, async () => {
    lists.push((await client.listTools()).tools.map((tool) => tool.name));
  });
  const transport = new LegacyTransport(new URL(gateway.mcp), { requestInit: { headers: users.bearer(name) } });
  await client.connect(transport as Transport);
  return { lists };
}

async function listenSdk2(gateway: TestGateway, name: Name): Promise<Listener> {
  const lists: string[][] = [];
  const client = closed(new ModernClient({ name: "new", version: "1" }, { versionNegotiation: { mode: "auto" } }));
  client.setNotificationHandler("notifications/tools/list_changed", async () => {
    lists.push((await client.listTools()).tools.map((tool) => tool.name));
  });
  await client.connect(new ModernTransport(new URL(gateway.mcp), { requestInit: { headers: users.bearer(name) } }));
  await client.listen({ toolsListChanged: true });
  return { lists };
}

async function listenStdio(gateway: TestGateway, name: Name): Promise<Listener> {
  const lists: string[][] = [];
  const input = new PassThrough();
  const output = new PassThrough();
  const principal: Principal = { ...person(name), roles: name === "sam" ? ["employee", "support"] : ["employee"] };
  const edge = createStdioEdge({
    refusals: UNHEARD,
    gateway: gateway.running.wired.gateway,
    log: SILENT,
    now: Date.now,
    callIds: createCallIds(Date.now),
    version: "0",
    input,
    output,
    principal,
  });
  closed({ close: async () => edge.close() });
  const write = (message: object) => input.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  let rest = "";
  output.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const message = JSON.parse(line);
      if (message.method === "notifications/tools/list_changed")
        write({ id: "list", method: "tools/list", params: {} });
      if (message.id === "list") lists.push(message.result.tools.map((tool: { name: string }) => tool.name));
    }
  });
  const clientInfo = { name: "local", version: "1" };
  write({ id: 0, method: "initialize", params: { protocolVersion: "2025-11-25", clientInfo, capabilities: {} } });
  return { lists };
}
