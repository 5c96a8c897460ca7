import { describe, expect, it } from "vitest";
import { readTool } from "../../src/catalog/entries.ts";
import { repairItem } from "../../src/catalog/repair.ts";
import { buildView } from "../../src/catalog/view.ts";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import { Cancellation } from "../../src/core/cancellation.ts";
import { RawJson } from "../../src/core/raw-json.ts";
import type { Scope } from "../../src/core/scope.ts";
import { createGiveOut, type Fetcher } from "../../src/gateway/approvals/kept-results.ts";
import { createRequestEnds, type RequestEndsDeps } from "../../src/gateway/approvals/request-ends.ts";
import { encodeOutcome, type StoredOutcome } from "../../src/gateway/approvals/stored-outcome.ts";
import { createLinks } from "../../src/gateway/steps/links.ts";
import { createQuestions } from "../../src/gateway/steps/questions.ts";
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
  const counts = { opened: 0, searched: 0 };
  const stored = encodeOutcome(kept);
  const definition = { name: "pay", annotations: { readOnlyHint: true }, inputSchema: { type: "object" } };
  const reading = readTool({ name: "bank", place: "" }, repairItem("tools", definition), ALL_TOOLS);
  const tools = reading.ok && listed ? [reading.entry] : [];
  const lists = { tools, prompts: [], resources: [], resourceTemplates: [] };
  const catalog = { view: (wanted: Scope) => buildView(wanted, () => ({ lists, hidden: false })) };
  const client = { name: "c", version: "1", ip: "10.0.0.1", userAgent: "" };
  const context = { endpoint: "", headers: {}, client, granted: [] };
  const call = { principal: person("ann"), arguments: { amount: 500 }, context };
  const approvals = {
    async result() {
      counts.opened += 1;
      return stored;
    },
    history: async () => [],
    delivered: async (id: string) => void delivered.push(id),
    requestedCall: async () => (readable ? call : undefined),
  } as unknown as RequestEndsDeps["approvals"] & Parameters<typeof createGiveOut>[0]["approvals"];
  const log = recordingLog();
  const redact = async () => {
    counts.searched += 1;
    return { kind: "same" } as const;
  };
  const giveOut = createGiveOut({
    ...{ approvals, catalog, log, scope: () => scope, policies: () => policySet(POLICIES), answers: createAnswers() },
    ...{ hash: () => "0", longRedactions: { redact }, now: Date.now },
    questions: createQuestions({ ...NOBODY, answers: createAnswers() }),
    guards: NOBODY.guards,
    callIds: () => "call_1",
  });
  const endOf = createRequestEnds({ approvals, links: createLinks({ catalog }), link: () => "", giveOut, log });
  return { endOf, delivered, log, counts };
}

const REQUEST = {
  id: "apr_1",
  state: "succeeded",
  hasResult: true,
  method: "tools/call",
  upstream: "bank",
  tool: "pay",
} as unknown as ApprovalRequest;

const NOBODY = {
  decisionPoints: { ask: async () => ({ kind: "error" as const, error: "nobody" }) },
  guards: { check: async () => ({ kind: "error" as const, error: "nobody" }) },
} as const;

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

const LONG: StoredOutcome = {
  kind: "result",
  result: RawJson.fromValue({ content: [{ type: "text", text: "x".repeat(20_000) }] }),
};

describe("a long result that was kept", () => {
  it("is not opened for whom policies refuse it", async () => {
    const ends = endsOf(LONG);
    for (const roles of [[], ["clerk", "junior"], ["clerk", "guest"]]) await fetched(ends, fetcher(roles));
    expect(ends.counts).toEqual({ opened: 0, searched: 0 });
  });

  it("is not opened for whoever has gone", async () => {
    const ends = endsOf(LONG);
    const cancellation = new Cancellation();
    const look = ends.endOf(REQUEST, { ...fetcher(["clerk"]), cancellation });
    cancellation.cancel("the client closed the response");
    expect(await look).toBeUndefined();
    expect(ends.counts.opened).toBe(0);
    expect((await fetched(ends, fetcher(["clerk"])))?.kind).toBe("result");
  });

  it("is searched once for whoever looks again and again, and anew for whom policies take out something else", async () => {
    const ends = endsOf(LONG);
    for (let look = 0; look < 3; look++) await fetched(ends, fetcher(["clerk"], "6.6.6.6"));
    expect(ends.counts.searched).toBe(1);
  });

  it("is looked at by one person a few times at once, who is told to come again beyond that", async () => {
    const ends = endsOf(LONG);
    const looks = await Promise.all(Array.from({ length: 20 }, () => ends.endOf(REQUEST, fetcher(["clerk"]))));
    const told = looks.map((end) => (end?.later === true ? end.outcome : end?.outcome.kind));
    expect(told.filter((one) => one === "result")).toHaveLength(17);
    expect(told.at(-1)).toMatchObject({ kind: "refused", refusal: { code: "TOO_MANY_OPEN" } });
    looks.at(-1)?.delivered();
    expect(ends.delivered).toEqual([]);
  });
});
