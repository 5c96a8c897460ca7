import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStoreReader } from "../../src/store/open-store.ts";
import { CLIENTS, connectRaw } from "../support/clients.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type LegacyUpstream, startLegacyUpstream } from "../support/legacy-upstream.ts";
import { type ModernUpstream, startModernUpstream } from "../support/modern-upstream.ts";
import { callLegacy, callModern } from "../support/raw-answers.ts";
import { answer, modernScript, type RawUpstream, startRawUpstream } from "../support/raw-upstream.ts";
import { createUsers } from "../support/users.ts";

const users = createUsers({ ann: ["employee"], sam: ["employee", "support"] });

const POLICIES = `policies:
  - id: orders-by-support
    target: { tools: ["modern/order", "raw/regional"] }
    when: '!("support" in user.roles)'
    then: { deny: { message: Support orders. } }
  - id: no-counting
    target: { tools: ["legacy/count"] }
    then: { hide: {} }
  - id: no-shouting
    target: { tools: ["modern/echo"] }
    when: args.text == "SHOUT"
    then: { deny: { message: Please do not shout. } }
`;

let modern: ModernUpstream;
let legacy: LegacyUpstream;
let raw: RawUpstream;
let gateway: TestGateway;

const config = () => ({
  auth: users.auth,
  upstreams: { modern: { url: modern.url }, legacy: { url: legacy.url }, raw: { url: raw.url } },
});

beforeAll(async () => {
  [modern, legacy, raw] = await Promise.all([startModernUpstream(), startLegacyUpstream(), startRegional()]);
  gateway = await startTestGateway(config(), { "p.yaml": POLICIES });
});

afterAll(async () => {
  await gateway?.close();
  await Promise.all([modern?.close(), legacy?.close(), raw?.close()]);
});

describe("a list of tools", () => {
  it.each(CLIENTS)("leaves out for $client what policies hide from its user, and nothing else", async ({ connect }) => {
    const [ann, sam] = await Promise.all([
      connect(gateway.mcp, users.bearer("ann")),
      connect(gateway.mcp, users.bearer("sam")),
    ]);
    const hers = await ann.tools();
    const his = await sam.tools();
    expect(his.filter((tool) => !hers.includes(tool)).sort()).toEqual(["modern__order", "raw__regional"]);
    expect(hers.filter((tool) => !his.includes(tool))).toEqual([]);
    expect(his).not.toContain("legacy__count");
    // What is denied for its arguments only can be called with others.
    expect(hers).toContain("modern__echo");
    await Promise.all([ann.close(), sam.close()]);
  });
});

describe.each(["tool", "protocol"])("a tool that is hidden, where denials are told in the way of a %s", (errors) => {
  let other: TestGateway;
  beforeAll(async () => {
    other = await startTestGateway({ ...config(), errors }, { "p.yaml": POLICIES });
  });
  afterAll(() => other?.close());

  it.each([
    ["denied whatever the arguments", "modern__order", { arguments: { text: "tea" } }, {}],
    ["hidden", "legacy__count", {}, {}],
    ["called with a state that nobody gave", "modern__order", { requestState: "forged" }, {}],
    ["called without the headers that it wants", "raw__regional", { arguments: { region: "emea" } }, {}],
    [
      "called with headers that belie the arguments",
      "raw__regional",
      { arguments: { region: "emea" } },
      { "Mcp-Param-Region": "apac" },
    ],
  ])("answers byte for byte like one that nobody has when it is %s", async (_why, name, more, headers) => {
    const { authorization } = users.bearer("ann");
    const unknown = name.replace(/.{3}$/, "xyz");
    const ask = (tool: string) => callModern(other.mcp, authorization, { name: tool, ...more }, headers);
    const [hidden, missing] = await Promise.all([ask(name), ask(unknown)]);
    expect(hidden).toEqual(missing);
    expect(JSON.parse(hidden.text)).toMatchObject({ error: { code: -32602, message: "Unknown tool" } });

    const key = users.key("ann");
    const [old, oldMissing] = await Promise.all([
      callLegacy(other.mcp, key, { name, ...more }),
      callLegacy(other.mcp, key, { name: unknown, ...more }),
    ]);
    expect(old).toEqual(oldMissing);
    expect(old.text).toContain("Unknown tool");
  });

  it("stands in the audit with what decided, and the one that nobody has without", async () => {
    const before = (await recorded(other)).length;
    const { authorization } = users.bearer("ann");
    await callModern(other.mcp, authorization, { name: "legacy__count" });
    await callModern(other.mcp, authorization, { name: "modern__order", arguments: { text: "tea" } });
    await callModern(other.mcp, authorization, { name: "modern__nothing" });
    const rows = await eventually(async () => {
      const all = await recorded(other);
      return all.length >= before + 3 && all.every(({ outcome }) => outcome !== null) ? all : undefined;
    });
    expect(rows.slice(before)).toEqual([
      { tool: "count", decision: "hide", outcome: "denied", policies: ["no-counting"] },
      { tool: "order", decision: "deny", outcome: "denied", policies: ["orders-by-support"] },
      { tool: "nothing", decision: null, outcome: "TOOL_UNKNOWN", policies: [] },
    ]);
  });
});

describe("a hidden tool", () => {
  it("is unknown also while its server is down, whose other tools say that it is", async () => {
    const upstream = await startModernUpstream();
    const other = await startTestGateway(
      { auth: users.auth, upstreams: { modern: { url: upstream.url } } },
      { "p.yaml": POLICIES },
      { timing: { catalog: { graceMs: 0 } } },
    );
    const ann = await connectRaw(other.mcp, users.bearer("ann"));
    expect(await ann.tools()).toContain("modern__echo");
    await upstream.close();
    await eventually(async () => {
      const answer = await ann.call("modern__echo", { text: "x" }).catch(() => undefined);
      return (await ann.tools()).length === 0 && answer?.isError === true ? true : undefined;
    });
    const ask = (user: "ann" | "sam", name: string) =>
      callModern(other.mcp, users.bearer(user).authorization, { name });
    expect(await ask("ann", "modern__order")).toEqual(await ask("ann", "modern__nothing"));
    expect((await ask("sam", "modern__order")).text).toContain("UPSTREAM_UNAVAILABLE");
    await other.close();
  });

  it("is unknown also when nothing can be recorded, while other tools say so", async () => {
    const other = await startTestGateway(config(), { "p.yaml": POLICIES });
    const database = new Database(`${other.dir}/data/portcullis.db`);
    database.exec("DROP TABLE audit");
    database.close();
    const { authorization } = users.bearer("ann");
    const ask = (name: string) => callModern(other.mcp, authorization, { name, arguments: { text: "x" } });
    expect(await ask("modern__order")).toEqual(await ask("modern__nothing"));
    expect((await ask("modern__echo")).text).toContain("could not be recorded");
    await other.close();
  });

  it("is known to whom it is not hidden, headers and all", async () => {
    const { authorization } = users.bearer("sam");
    const ask = (headers: Record<string, string>) =>
      callModern(gateway.mcp, authorization, { name: "raw__regional", arguments: { region: "emea" } }, headers);
    expect(await ask({})).toMatchObject({ status: 400 });
    expect(await ask({ "Mcp-Param-Region": "emea" })).toMatchObject({ status: 200 });
  });
});

// A tool of which an argument travels in a header, too.
function startRegional(): Promise<RawUpstream> {
  const inputSchema = { type: "object", properties: { region: { type: "string", "x-mcp-header": "Region" } } };
  return startRawUpstream(
    modernScript((request, response) => {
      const more = { resultType: "complete", ttlMs: 0, cacheScope: "private" };
      if (request.method === "tools/list") {
        answer(request, response, { tools: [{ name: "regional", inputSchema }], ...more });
      } else answer(request, response, { content: [{ type: "text", text: "ok" }], ...more });
    }),
  );
}

async function recorded(of: TestGateway) {
  const reader = openStoreReader({ url: `file:${of.dir}/data/portcullis.db` });
  try {
    const page = await reader.audit.list({ limit: 100 });
    return page.entries.map(({ tool, decision, outcome, policies }) => ({
      tool,
      decision,
      outcome,
      policies: JSON.parse(policies ?? "[]").map((match: { policy: string }) => match.policy),
    }));
  } finally {
    reader.close();
  }
}
