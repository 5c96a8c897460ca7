import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ElicitRequestSchema, LoggingMessageNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditEntry } from "../../src/store/audit/audit-rows.ts";
import { openStoreReader } from "../../src/store/open-store.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { leakyStdio } from "../support/leaky.ts";
import { type LegacyUpstream, startLegacyUpstream } from "../support/legacy-upstream.ts";
import { callModern } from "../support/raw-answers.ts";
import { answerRaw, legacyScript, type RawUpstream, startRawUpstream } from "../support/raw-upstream.ts";
import { createUsers } from "../support/users.ts";

const CARD = "4111 1111 1111 1111";
const EMAIL = "ann@example.com";

const users = createUsers({ ann: ["employee"] });

const POLICIES = `policies:
  - id: nothing-leaks
    target: { tools: ["!*/echo", "!*/log"] }
    then: { redact: { detect: [credit_card, email] } }
  - id: emails-of-echo
    target: { tools: ["*/echo", "*/log"] }
    when: result.text.contains("mail")
    then: { redact: { detect: [email], with: hash } }
  - id: tried-out
    mode: shadow
    target: { tools: ["*/record"] }
    then: { redact: { paths: ["$.name"] } }
`;

// Numbers and spaces that no writer of JSON would write like this.
const ODD =
  '{"content": [ {"type":"text","text":"sum"} ], "structuredContent":{"sum":1.00,"big":12345678901234567890}}';
const TWICE = `{"content":[{"type":"text","text":"${EMAIL}"}],"content":[{"type":"text","text":"nothing"}]}`;

let raw: RawUpstream;
let legacy: LegacyUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  legacy = await startLegacyUpstream();
  raw = await startRawUpstream(
    legacyScript((request, response) => {
      const { id, params } = request.body;
      const send = (result: string) => answerRaw(response, `{"jsonrpc":"2.0","id":${String(id)},"result":${result}}`);
      const named = (name: string) => JSON.stringify(params).includes(`"${name}"`);
      if (request.method !== "tools/call")
        send(
          `{"tools":[{"name":"odd","inputSchema":{"type":"object"}},{"name":"twice","inputSchema":{"type":"object"}}]}`,
        );
      else send(named("odd") ? ODD : TWICE);
    }),
  );
  gateway = await startTestGateway(
    {
      auth: users.auth,
      upstreams: { ...leakyStdio(), raw: { url: raw.url }, http: { url: legacy.url } },
    },
    { "p.yaml": POLICIES },
    // Two child processes that compile what they run take their time on a busy machine.
    { timing: { settleMs: 50_000 } },
  );
}, 60_000);

afterAll(async () => {
  await gateway?.close();
  await Promise.all([raw?.close(), legacy?.close()]);
});

/** A client of either SDK, with everything that it hears. */
interface HearingClient {
  readonly heard: unknown[];
  schemas(): Promise<Readonly<Record<string, unknown>>>;
  call(name: string, args?: Record<string, unknown>): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

const CLIENTS = [
  { client: "SDK v1", connect: () => connectSdk1(), sessions: true },
  { client: "SDK v2", connect: connectSdk2, sessions: false },
];

describe.each(["legacy", "modern"])("a %s server", (server) => {
  describe.each(CLIENTS)("in front of $client", ({ connect, sessions }) => {
    let client: HearingClient;
    beforeAll(async () => {
      client = await connect();
    });
    afterAll(() => client?.close());

    it("gives out a record without what policies take out, and the client takes it", async () => {
      const schemas = await client.schemas();
      expect(Object.keys(schemas)).toContain(`${server}__record`);
      // A client that knew the schema would refuse the result.
      expect(schemas[`${server}__record`]).toBeUndefined();
      const result = await client.call(`${server}__record`);
      expect(result).toMatchObject({
        structuredContent: { name: "Ann", email: "[redacted:email]", card: "[redacted:credit_card]" },
        content: [
          { type: "text", text: '{"name":"Ann","email":"[redacted:email]","card":"[redacted:credit_card]"}' },
          { type: "text", text: "Ann pays with [redacted:credit_card]." },
          { type: "resource", resource: { uri: `crm://ann#portcullis=${server}`, text: "mailto:[redacted:email]" } },
        ],
      });
    });

    it("says nothing in an error, in its progress, its log or its questions either", async () => {
      await expect(client.call(`${server}__fail`)).rejects.toMatchObject({
        code: -32050,
        message: expect.stringContaining("No account of [redacted:email]."),
        data: { email: "[redacted:email]" },
      });
      expect(await client.call(`${server}__work`)).toMatchObject({ content: [{ text: "done" }] });
      const asked = client.call(`${server}__ask`);
      // A client that keeps no session cannot be asked by a server that needs one, which is told so.
      const isAsked = server === "modern" || sessions;
      if (isAsked) expect(await asked).toMatchObject({ content: [{ text: "Sent by Ada." }] });
      else await expect(asked).rejects.toThrow("has not declared");
      const heard = JSON.stringify(client.heard);
      expect(heard).toContain("Writing to [redacted:email]");
      expect(heard).toContain('{"to":"[redacted:email]"}');
      if (isAsked) {
        expect(heard).toContain("Send it to [redacted:email]?");
        expect(heard).toContain('"description":"[redacted:email]"');
      }
      expect(heard).not.toContain(EMAIL);
    });

    it("gives out nothing of a result that is too deep to be searched", async () => {
      const result = await client.call(`${server}__deep`);
      expect(result).toMatchObject({
        isError: true,
        _meta: { "portcullis/fault": { code: "UPSTREAM_TOO_LARGE", executed: "unknown" } },
      });
      expect(result["structuredContent"]).toBeUndefined();
    });
  });
});

describe("the bytes of a result", () => {
  const call = (name: string) => callModern(gateway.mcp, users.bearer("ann").authorization, { name });

  it("are the server's own where nothing was found", async () => {
    expect((await call("raw__odd")).text).toContain(ODD.slice(1, -1));
  });

  it("are written anew where a member stands twice, because only one of them was looked at", async () => {
    const { text } = await call("raw__twice");
    expect(text).toContain('[{"type":"text","text":"nothing"}]');
    expect(text).not.toContain(EMAIL);
  });
});

describe("a policy that looks at the result", () => {
  it("redacts where its condition holds, with a hash that is equal for equal values", async () => {
    const call = async (text: string) => {
      const params = { name: "http__echo", arguments: { text } };
      const answered = await callModern(gateway.mcp, users.bearer("ann").authorization, params);
      return JSON.parse(answered.text).result.content[0].text;
    };
    expect(await call(`write to ${EMAIL}`)).toBe(`{"text":"write to ${EMAIL}"}`);
    const [one, two, other] = [
      await call(`mail ${EMAIL}`),
      await call(`mail: ${EMAIL}`),
      await call("mail bob@example.com"),
    ];
    expect(one).toMatch(/^\{"text":"mail \[email:[0-9a-f]{16}\]"\}$/);
    expect(two).toContain(one.slice(14, -2));
    expect(other).not.toContain(one.slice(14, -2));
  });
});

describe("a message that a server logs while two calls of one session are in flight", () => {
  it("belongs to neither for sure, and loses what both would lose", async () => {
    const client = await connectSdk1({});
    const [held, worked] = await Promise.all([
      client.call("legacy__hold"),
      client.call("legacy__work", { together: true }),
    ]);
    expect([held, worked]).toMatchObject([{ content: [{ text: "held" }] }, { content: [{ text: "done" }] }]);
    await eventually(async () => (JSON.stringify(client.heard).includes('"to"') ? true : undefined));
    expect(client.heard).toContainEqual(expect.objectContaining({ data: { to: "[redacted:email]" } }));
    expect(JSON.stringify(client.heard)).not.toContain(EMAIL);
    await client.close();
  });
});

describe("the audit", () => {
  it("names the policies that changed a result, the shadow ones too, and how each call ended", async () => {
    const rows = await eventually(async () => {
      const all = await recorded();
      return all.every(({ outcome }) => outcome !== null) ? all : undefined;
    });
    const last = (tool: string, upstream = "legacy") =>
      rows.findLast((row) => row.tool === tool && row.upstream === upstream);
    const policies = (row: AuditEntry | undefined) => JSON.parse(row?.resultPolicies ?? "[]");
    expect(policies(last("record"))).toEqual([
      { policy: "nothing-leaks", effect: "redact", because: "condition" },
      { policy: "tried-out", effect: "redact", because: "condition", mode: "shadow" },
    ]);
    expect(last("record")).toMatchObject({ decision: "allow", outcome: "ok" });
    expect(last("fail")).toMatchObject({ outcome: "rpc_error" });
    expect(policies(last("fail"))).toMatchObject([{ policy: "nothing-leaks" }]);
    expect(last("deep")).toMatchObject({ outcome: "UPSTREAM_TOO_LARGE" });
    expect(policies(last("echo", "http"))).toMatchObject([{ policy: "emails-of-echo", because: "condition" }]);
    expect(JSON.stringify(rows)).not.toContain(CARD);
  });

  it("and the log hold nothing of what was taken out", () => {
    const log = gateway.logged.join("\n");
    expect(log).toContain("An upstream sent more than is taken.");
    expect(log).not.toContain(EMAIL);
    expect(log).not.toContain(CARD);
  });
});

async function connectSdk1(
  capabilities: { elicitation?: Record<string, unknown> } = { elicitation: {} },
): Promise<HearingClient> {
  const heard: unknown[] = [];
  const client = new LegacyClient({ name: "old", version: "1" }, { capabilities });
  if (capabilities.elicitation !== undefined)
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      heard.push(params);
      return { action: "accept", content: { name: "Ada" } };
    });
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void heard.push(params));
  const transport = new LegacyTransport(new URL(gateway.mcp), { requestInit: { headers: users.bearer("ann") } });
  // The SDK's own types disagree under exactOptionalPropertyTypes.
  await client.connect(transport as Transport);
  return {
    heard,
    schemas: async () =>
      Object.fromEntries((await client.listTools()).tools.map(({ name, outputSchema }) => [name, outputSchema])),
    call: (name, args = {}) =>
      client.callTool({ name, arguments: args }, undefined, { onprogress: (progress) => void heard.push(progress) }),
    close: () => client.close(),
  };
}

async function connectSdk2(): Promise<HearingClient> {
  const heard: unknown[] = [];
  const client = new ModernClient(
    { name: "new", version: "2" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } }, capabilities: { elicitation: { form: {} } } },
  );
  client.setRequestHandler("elicitation/create", ({ params }) => {
    heard.push(params);
    return { action: "accept", content: { name: "Ada" } };
  });
  client.setNotificationHandler("notifications/message", ({ params }) => void heard.push(params));
  await client.connect(new ModernTransport(new URL(gateway.mcp), { requestInit: { headers: users.bearer("ann") } }));
  const _meta = { "io.modelcontextprotocol/logLevel": "debug" as const };
  return {
    heard,
    schemas: async () =>
      Object.fromEntries((await client.listTools()).tools.map(({ name, outputSchema }) => [name, outputSchema])),
    call: (name, args = {}) =>
      client.callTool({ name, arguments: args, _meta }, { onprogress: (progress) => void heard.push(progress) }),
    close: () => client.close(),
  };
}

async function recorded(): Promise<readonly AuditEntry[]> {
  const reader = openStoreReader({ url: `file:${gateway.dir}/data/portcullis.db` });
  try {
    return (await reader.audit.list({ limit: 200 })).entries;
  } finally {
    reader.close();
  }
}
