import { describe, expect, it } from "vitest";
import { readTool } from "../../src/catalog/entries.ts";
import { repairItem } from "../../src/catalog/repair.ts";
import { buildView } from "../../src/catalog/view.ts";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import { RawJson } from "../../src/core/raw-json.ts";
import type { Scope } from "../../src/core/scope.ts";
import { createGiveOut, type Fetcher } from "../../src/gateway/approvals/kept-results.ts";
import { createRequestEnds, type RequestEndsDeps } from "../../src/gateway/approvals/request-ends.ts";
import { encodeOutcome, type StoredOutcome } from "../../src/gateway/approvals/stored-outcome.ts";
import { createLinks } from "../../src/gateway/steps/links.ts";
import { createAnswers } from "../../src/policy/answer.ts";
import { ALL_TOOLS } from "../support/all-tools.ts";
import { person } from "../support/mcp-endpoint.ts";
import { policySet } from "../support/policy-inputs.ts";
import { recordingLog } from "../support/recording-log.ts";

const POLICIES = `policies:
  - { id: masks, target: { tools: [bank/pay] }, when: '!client.ip.startsWith("10.0.0.")', then: { redact: { detect: [email] } } }
  - { id: leavers, target: { tools: [bank/pay] }, when: '!("clerk" in user.roles)', then: { deny: { message: No. } } }
  - { id: large, target: { tools: [bank/pay] }, when: 'args.amount > 100 && "junior" in user.roles', then: { deny: { message: No. } } }
  - { id: guests, target: { tools: [bank/pay], roles: [guest] }, then: { hide: {} } }
  - { id: writes, target: { tools: [bank/pay] }, when: '"auditor" in user.roles && tool.annotations.readOnlyHint && args.amount > 1', then: { deny: { message: No. } } }
`;
const scope: Scope = { endpoint: "", upstreams: ["bank"], shows: () => true, prefixed: false };
const SECRET = "ann@acme.example";
const RESULT: StoredOutcome = {
  kind: "result",
  result: RawJson.fromValue({ content: [{ type: "text", text: SECRET }] }),
};
const ERROR: StoredOutcome = { kind: "error", error: { code: -32000, message: `Ask ${SECRET}.` } };

function endsOf(kept: StoredOutcome, options: { readonly listed?: boolean; readonly readable?: boolean } = {}) {
  const { listed = true, readable = true } = options;
  const delivered: string[] = [];
  const definition = { name: "pay", annotations: { readOnlyHint: true }, inputSchema: { type: "object" } };
  const reading = readTool({ name: "bank", place: "" }, repairItem("tools", definition), ALL_TOOLS);
  const tools = reading.ok && listed ? [reading.entry] : [];
  const lists = { tools, prompts: [], resources: [], resourceTemplates: [] };
  const catalog = { view: (wanted: Scope) => buildView(wanted, () => ({ lists, hidden: false })) };
  const client = { name: "c", version: "1", ip: "10.0.0.1", userAgent: "" };
  const context = { endpoint: "", headers: {}, client, granted: [] };
  const call = { principal: person("ann"), arguments: { amount: 500 }, context };
  const approvals = {
    result: async () => encodeOutcome(kept),
    history: async () => [],
    delivered: async (id: string) => void delivered.push(id),
    requestedCall: async () => (readable ? call : undefined),
  } as unknown as RequestEndsDeps["approvals"] & Parameters<typeof createGiveOut>[0]["approvals"];
  const log = recordingLog();
  const giveOut = createGiveOut({
    ...{ approvals, catalog, log, scope: () => scope, policies: () => policySet(POLICIES), answers: createAnswers() },
    ...{ hash: () => "0", longRedactions: { redact: async () => ({ kind: "same" }) as const }, now: Date.now },
    callIds: () => "call_1",
  });
  const endOf = createRequestEnds({ approvals, links: createLinks({ catalog }), link: () => "", giveOut, log });
  return { endOf, delivered, log };
}

const REQUEST = {
  id: "apr_1",
  state: "succeeded",
  hasResult: true,
  upstream: "bank",
  tool: "pay",
} as unknown as ApprovalRequest;

function fetcher(roles: readonly string[], ip = "10.0.0.1"): Fetcher {
  const client = { id: undefined, name: "c", version: "1", ip, userAgent: "" };
  return { principal: { ...person("ann"), roles }, client, headers: {}, scope };
}

async function fetched(ends: ReturnType<typeof endsOf>, as: Fetcher) {
  const end = await ends.endOf(REQUEST, as);
  end?.delivered();
  return end?.outcome;
}

describe("a result that was kept", () => {
  it("goes as it is to whom no policy refuses it, and is theirs then", async () => {
    const ends = endsOf(RESULT);
    const outcome = await fetched(ends, fetcher(["clerk"]));
    expect(outcome?.kind === "result" && outcome.result.bytes.toString()).toContain(SECRET);
    expect(ends.delivered).toEqual(["apr_1"]);
  });

  it.each([
    ["a result", RESULT],
    ["an error", ERROR],
  ])("is given out without what policies take out for whoever fetches it: %s", async (_, kept) => {
    const ends = endsOf(kept);
    const outcome = await fetched(ends, fetcher(["clerk"], "6.6.6.6"));
    const text = outcome?.kind === "result" ? outcome.result.bytes.toString() : JSON.stringify(outcome);
    expect(outcome?.kind).toBe(kept.kind);
    expect(text).not.toContain(SECRET);
    expect(ends.delivered).toEqual(["apr_1"]);
  });

  it.each<[string, readonly string[], object]>([
    ["a policy refuses, whatever it is asked", [], { kind: "refused", refusal: { code: "TOOL_UNKNOWN" } }],
    ["a policy refuses by its arguments", ["clerk", "junior"], { kind: "denied", decision: { policy: "large" } }],
    [
      "a policy refuses by the definition of the tool",
      ["clerk", "auditor"],
      { kind: "denied", decision: { policy: "writes" } },
    ],
    ["a policy hides the tool from", ["clerk", "guest"], { kind: "refused", refusal: { code: "TOOL_UNKNOWN" } }],
  ])("is kept back from whom %s, and still there for them later", async (_, roles, outcome) => {
    const ends = endsOf(RESULT);
    expect(await fetched(ends, fetcher(roles))).toMatchObject(outcome);
    expect(ends.delivered).toEqual([]);
    expect((await fetched(ends, fetcher(["clerk"])))?.kind).toBe("result");
  });

  it("is decided on by name where its tool is gone", async () => {
    const ends = endsOf(RESULT, { listed: false });
    expect((await fetched(ends, fetcher(["clerk", "junior"])))?.kind).toBe("denied");
    expect((await fetched(ends, fetcher(["clerk"])))?.kind).toBe("result");
  });

  it("is kept back where nobody can read what was asked for", async () => {
    const ends = endsOf(RESULT, { readable: false });
    expect((await fetched(ends, fetcher(["clerk"])))?.kind).toBe("withheld");
    expect(ends.delivered).toEqual([]);
  });
});
