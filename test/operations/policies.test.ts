import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { ApprovalFlow } from "../../src/approvals/flow.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { ApiKeyOptions } from "../../src/identity/options.ts";
import type { Operator } from "../../src/operations/operator.ts";
import { createPolicyOperations } from "../../src/operations/policies/create-policy-operations.ts";
import type {
  PolicyDryRun,
  PolicyMatches,
  PolicyOperations,
  ToolPath,
} from "../../src/operations/policies/policies.ts";
import { watchPolicies } from "../../src/policy/compile/directory.ts";
import type { GivenCall } from "../../src/policy/tests/given-call.ts";
import { runPolicyTests } from "../../src/policy/tests/run.ts";
import { policyInput } from "../support/policy-inputs.ts";
import { recordingLog } from "../support/recording-log.ts";

const POLICIES = `policies:
  # Cards are for the CFO.
  # Ask Kim before changing this.
  - id: large
    description: Nobody pays more than ten.
    target: { tools: ["bank/pay"] }
    when: args.amount > 10
    then: { deny: { message: "Too much: {{ args.amount }}." } }
  - { id: medium, target: { tools: ["bank/pay"] }, when: args.amount > 5, then: { step_up: { acr: [mfa], message: Sign in. } } }
  - { id: small, target: { tools: ["bank/pay"] }, when: args.amount > 2, then: { request_approval: { flow: finance, message: "Pay {{ args.amount }}?" } } }
  - { id: trial, mode: shadow, target: { upstreams: [shop] }, then: { deny: {} } }
  - { id: off, enabled: false, then: { deny: {} } }
`;

const FINANCE: ApprovalFlow = {
  name: "finance",
  description: undefined,
  stages: [
    { approvers: { roles: ["manager"], users: [] }, required: 1, escalate: undefined },
    { approvers: { roles: [], users: ["cfo@acme.com"] }, required: 1, escalate: undefined },
  ],
  pendingTtlMs: 3_600_000,
  executeTtlMs: 300_000,
  requesterMayApprove: false,
  reason: "never",
  execute: "on_request",
  notify: [],
};

const KEYS: readonly ApiKeyOptions[] = [
  { name: "ann-laptop", hash: "", user: "ann", email: "ann@acme.com", roles: ["employee"], groups: ["sales"] },
  { name: "robot", hash: "", user: undefined, email: undefined, roles: ["ci"], groups: [] },
];

const TOOLS: readonly (ToolPath & { readonly definition: JsonObject })[] = [
  { upstream: "bank", tool: "pay", definition: { name: "pay", inputSchema: { type: "object" } } },
  { upstream: "shop", tool: "buy", definition: { name: "buy" } },
];

const principal = policyInput().principal;
const ADMIN: Operator = { principal, admin: true, lacks: undefined };
const NOW = Date.parse("2026-05-04T10:00:00Z");

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Setup {
  readonly policies: PolicyOperations;
  readonly dir: string;
  /** Writes a file and waits until it was taken up or refused. */
  write(name: string, text: string): Promise<void>;
}

async function setUp(
  more: { default?: "allow" | "deny"; now?: () => number; files?: Readonly<Record<string, string>> } = {},
): Promise<Setup> {
  const dir = await fs.mkdtemp(join(tmpdir(), "policies-"));
  cleanUps.push(() => fs.rm(dir, { recursive: true }));
  for (const [name, text] of Object.entries(more.files ?? { "a.yaml": POLICIES }))
    await fs.writeFile(join(dir, name), text);
  let heard = (): void => {};
  const fallback = more.default ?? "allow";
  const opened = await watchPolicies({
    ...{ dir, default: fallback, flows: ["finance"], log: recordingLog(), now: () => NOW },
    onSwap: () => heard(),
    onRefused: () => heard(),
    onRepaired: () => heard(),
  });
  if (!opened.ok) throw new Error(opened.report);
  cleanUps.push(() => opened.policies.close());
  const matches = async (since: number): Promise<ReadonlyMap<string, PolicyMatches>> =>
    new Map(since === NOW - 86_400_000 ? [["large", { applied: 3, shadow: 1 }]] : []);
  const policies = createPolicyOperations({
    ...{ directory: opened.policies, dir, default: fallback, flows: [FINANCE], apiKeys: KEYS },
    ...{ tools: () => TOOLS, definitionOf: () => undefined, matches, now: more.now ?? (() => NOW) },
  });
  return {
    policies,
    dir,
    async write(name, text) {
      const news = new Promise<void>((resolve) => {
        heard = resolve;
      });
      await fs.writeFile(join(dir, name), text);
      await news;
    },
  };
}

async function evaluated(policies: PolicyOperations, call: GivenCall): Promise<PolicyDryRun> {
  const result = await policies.evaluate(ADMIN, call);
  if (!result.ok) throw new Error(result.code);
  return result;
}

describe("the state of the policies", () => {
  it("says what decides, how often each policy matched, and which tools none is about", async () => {
    const { policies, dir } = await setUp();
    expect(await policies.state()).toMatchObject({
      default: "allow",
      dir,
      since: NOW,
      mistakes: [],
      tools: 2,
      // A policy in shadow protects nothing.
      uncovered: [{ upstream: "shop", tool: "buy" }],
      policies: [
        { id: "large", file: "a.yaml", line: 4, matches: { applied: 3, shadow: 1 }, when: "args.amount > 10" },
        { id: "medium", matches: { applied: 0, shadow: 0 } },
        { id: "small" },
        { id: "trial", shadow: true, target: { upstreams: ["shop"] } },
        { id: "off", enabled: false },
      ],
    });
  });

  it("shows what is wrong with newer files, line by line, until they are mended", async () => {
    const { policies, write } = await setUp();
    const before = await policies.state();
    await write("a.yaml", POLICIES.replace("args.amount > 10", "agrs.amount > 10"));
    const refused = await policies.state();
    expect(refused).toMatchObject({ digest: before.digest, since: before.since });
    expect(refused.policies).toEqual(before.policies);
    expect(refused.mistakes).toMatchObject([
      { file: "a.yaml", line: 7, column: 11, message: "Unknown variable: agrs." },
    ]);
    expect(refused.mistakes[0]?.excerpt.split("\n")).toEqual([
      "5 |     description: Nobody pays more than ten.",
      '6 |     target: { tools: ["bank/pay"] }',
      "7 |     when: agrs.amount > 10",
      "  |           ^",
      '8 |     then: { deny: { message: "Too much: {{ args.amount }}." } }',
      expect.stringMatching(/^9 \| {3}- \{ id: medium/),
    ]);
    await write("a.yaml", POLICIES);
    expect(await policies.state()).toEqual(before);
  });

  it("names a policy's lines, with what is written above them, and the tools that it is about", async () => {
    const { policies } = await setUp();
    expect(await policies.detail("large")).toMatchObject({
      policy: { id: "large", file: "a.yaml", matches: { applied: 3 } },
      source: { firstLine: 2 },
      tools: [{ upstream: "bank", tool: "pay" }],
      tests: undefined,
    });
    const { source } = (await policies.detail("large")) ?? {};
    expect(source?.lines.map((line) => line.trim())).toEqual([
      "# Cards are for the CFO.",
      "# Ask Kim before changing this.",
      "- id: large",
      "description: Nobody pays more than ten.",
      'target: { tools: ["bank/pay"] }',
      "when: args.amount > 10",
      'then: { deny: { message: "Too much: {{ args.amount }}." } }',
    ]);
    expect(await policies.detail("off")).toMatchObject({ tools: [] });
    expect(await policies.detail("unknown")).toBeUndefined();
  });

  it("counts the tests beside a policy", async () => {
    const test = (name: string, expected: string) =>
      `  - { name: ${name}, given: { tool: bank/pay }, expect: ${expected} }`;
    const tests = [
      "tests:",
      test("one", "{ effect: deny, policies: [large] }"),
      test("two", "{ effect: allow, policies: [] }"),
      test("three", "{ effect: allow, shadow: [large] }"),
    ];
    const { policies, dir } = await setUp();
    await fs.writeFile(join(dir, "a.test.yaml"), tests.join("\n"));
    expect((await policies.detail("large"))?.tests).toEqual({ file: "a.test.yaml", count: 3, expecting: 2 });
    expect((await policies.detail("small"))?.tests).toEqual({ file: "a.test.yaml", count: 3, expecting: 0 });
    // A long file is read beside the calls.
    await fs.writeFile(join(dir, "a.test.yaml"), `${tests.join("\n")}\n#${"x".repeat(20_000)}\n`);
    expect((await policies.detail("large"))?.tests).toEqual({ file: "a.test.yaml", count: 3, expecting: 2 });
    await fs.writeFile(join(dir, "a.test.yaml"), "tests: {}");
    expect((await policies.detail("large"))?.tests).toBeUndefined();
  });
});

describe("a tried call", () => {
  const ann = { email: "ann@acme.com", roles: ["employee"] };

  it.each<[what: string, call: GivenCall, expected: object]>([
    ["nothing is about", { tool: "shop/buy" }, { decision: { effect: "allow", unapplied: [{ policy: "trial" }] } }],
    [
      "is denied",
      { tool: "bank/pay", user: ann, args: { amount: 11 } },
      { decision: { effect: "deny", policy: "large", message: "Too much: 11." }, approvals: [] },
    ],
    [
      "needs a sign-in, and an approval after it",
      { tool: "bank/pay", user: ann, args: { amount: 6 } },
      { decision: { effect: "step_up", message: "Sign in." }, signIn: "acr", approvals: [{ policy: "small" }] },
    ],
    [
      "comes with the sign-in that it needs",
      { tool: "bank/pay", user: { ...ann, acr: "mfa" }, args: { amount: 6 } },
      { decision: { effect: "step_up" }, signIn: "token", approvals: [{ policy: "small" }] },
    ],
    [
      "needs a sign-in that a machine does not have",
      { tool: "bank/pay", user: { issuer: "portcullis:keys", id: "robot", acr: "mfa" }, args: { amount: 6 } },
      { decision: { effect: "step_up" }, signIn: "machine" },
    ],
    [
      "cannot be judged",
      { tool: "bank/pay", user: ann },
      { decision: { effect: "deny", message: expect.stringContaining("args.amount is missing") } },
    ],
  ])("that %s", async (_, call, expected) => {
    const { policies } = await setUp();
    expect(await evaluated(policies, call)).toMatchObject(expected);
  });

  it("names everybody whom it would ask", async () => {
    const { policies } = await setUp();
    const trial = await evaluated(policies, { tool: "bank/pay", user: ann, args: { amount: 3 } });
    expect(trial.approvals).toEqual([
      {
        policy: "small",
        flow: "finance",
        message: "Pay 3?",
        stages: [
          { roles: ["manager"], users: [], required: 1 },
          { roles: [], users: ["cfo@acme.com"], required: 1 },
        ],
      },
    ]);
    expect(trial.request).toMatchObject({ pendingTtlMs: 3_600_000, snapshot: { stages: [{}, {}] } });
  });

  it("tells of every policy why it counts or does not", async () => {
    const { policies } = await setUp();
    const trial = await evaluated(policies, { tool: "bank/pay", user: ann, args: { amount: 3 } });
    expect(trial.policies).toMatchObject([
      { id: "large", file: "a.yaml", verdict: "condition", trace: { text: "args.amount > 10", value: "false" } },
      { id: "medium", verdict: "condition" },
      { id: "small", verdict: "applied", trace: { because: [{ text: "args.amount", value: "3" }] } },
      { id: "trial", verdict: "target", misses: [{ key: "upstreams", wanted: "shop", actual: "bank" }] },
      { id: "off", verdict: "disabled" },
    ]);
  });

  it("is refused for arguments that its server could read in another way, and asks nobody then", async () => {
    const { policies } = await setUp();
    const trial = await evaluated(policies, { tool: "bank/pay", args: { amount: 3, Amount: 11 } });
    expect(trial).toMatchObject({ refusal: { code: "KEYS_AMBIGUOUS" }, approvals: [] });
    expect(trial.request).toBeUndefined();
    expect(trial.test).toContain("effect: refused");
  });

  it("is decided by the set in force while newer files do not compile", async () => {
    const { policies, write } = await setUp();
    const call: GivenCall = { tool: "bank/pay", user: ann, args: { amount: 11 } };
    const before = await evaluated(policies, call);
    await write("a.yaml", "policies: [{ id: new, then: { alow: {} } }]");
    expect(await evaluated(policies, call)).toEqual(before);
    await write("a.yaml", "policies: [{ id: new, then: { rate_limit: { limit: 5, per: 1h, cost: args.amount } } }]");
    expect(await evaluated(policies, call)).toMatchObject({
      // Counted for the subject and for the address, by which other credentials of hers are hers, too.
      decision: {
        effect: "allow",
        limits: [
          { policy: "new", cost: 11 },
          { policy: "new", cost: 11 },
        ],
      },
    });
  });

  it("that no policy allows is denied where that is the default", async () => {
    const { policies } = await setUp({ default: "deny" });
    expect(await evaluated(policies, { tool: "shop/buy" })).toMatchObject({
      decision: { effect: "deny", policy: "policies.default", hidden: true },
    });
  });

  it("comes now where it does not say when, and makes a test that passes then", async () => {
    const late = "policies: [{ id: late, when: 'request.time.getHours(\"UTC\") == 10', then: { deny: {} } }]";
    const { policies } = await setUp({ files: { "a.yaml": late } });
    const trial = await evaluated(policies, { tool: "shop/buy" });
    expect(trial).toMatchObject({ decision: { effect: "deny" }, call: { time: "2026-05-04T10:00:00.000Z" } });
    const tests = [{ name: "a.test.yaml", text: trial.test }];
    expect(
      runPolicyTests({ policies: [{ name: "a.yaml", text: late }], tests, default: "allow", flows: undefined }),
    ).toMatchObject({ ok: true, files: [{ tests: [{ effect: "deny", differences: [] }] }] });
  });

  it("that is slow to decide is decided once, and explained only as far as there is time", async () => {
    let clock = NOW;
    const later = (): number => {
      clock += 150;
      return clock;
    };
    const { policies } = await setUp({ now: later });
    const trial = await evaluated(policies, { tool: "bank/pay", user: ann, args: { amount: 11 } });
    expect(trial.decision).toMatchObject({ effect: "deny", message: "Too much: 11." });
    expect(trial.policies.map(({ verdict }) => verdict)).toEqual([
      "applied",
      "applied",
      "applied",
      "target",
      "disabled",
    ]);
    // The first condition is evaluated and not taken apart; the others are not evaluated again.
    expect(trial.policies.map(({ trace }) => trace?.because)).toEqual([[], undefined, undefined, undefined, undefined]);
    // Whether the test could do without them was not tried.
    expect(trial.test).toContain("time: 2026-05-04T10:00:00.150Z");
    expect(trial.test).toContain("tools:");
  });

  it.each([
    ["of a tool that no upstream lists", ADMIN, "bank/steal", "TOOL_UNKNOWN"],
    ["by somebody who is no administrator", { ...ADMIN, admin: false, lacks: undefined }, "bank/pay", "ADMIN_REQUIRED"],
  ])("%s is refused", async (_, operator, tool, code) => {
    const { policies } = await setUp();
    expect(await policies.evaluate(operator, { tool })).toEqual({ ok: false, code });
  });

  it("can be made as whoever the configuration names", async () => {
    const { policies } = await setUp();
    expect(policies.callers()).toMatchObject([
      {
        name: "ann-laptop",
        user: { issuer: "portcullis:keys", id: "ann", email: "ann@acme.com", roles: ["employee"], groups: ["sales"] },
        client: { id: "ann-laptop" },
      },
      { name: "robot", user: { id: "robot", roles: ["ci"] } },
    ]);
    expect(policies.tools()).toHaveLength(2);
    expect(policies.definition({ upstream: "shop", tool: "buy" })).toEqual({ name: "buy" });
    expect(policies.definition({ upstream: "shop", tool: "pay" })).toBeUndefined();
  });
});
