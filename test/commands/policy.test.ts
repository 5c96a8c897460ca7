import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CommandResult, runPolicyCommand } from "../support/policy-command.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "portcullis-policy-"));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
}

/** Runs `portcullis policy …`; the folder shows as DIR. */
async function policy(...args: string[]): Promise<CommandResult> {
  const { code, out, err } = await runPolicyCommand(...args);
  return { code, out: out.replaceAll(dir, "DIR"), err: err.replaceAll(dir, "DIR") };
}

const here = (...args: string[]) => policy(...args, "--policies", join(dir, "policies"));

const CONFIG = `upstreams: { bank: { command: node } }
policies: { dir: ./policies, default: deny }
approval_flows: { finance: { stages: [{ approvers: { roles: [cfo] } }] } }
`;

const LARGE = `policies:
  - id: large
    description: Not too much.
    target: { tools: ["bank/*"] }
    when: args.amount > 10
    then: { deny: { message: "Too much: {{ args.amount }}." } }
`;

const TESTS = `tests:
  - name: Little is paid
    given: { tool: bank/pay, args: { amount: 10 } }
    expect: { effect: allow, policies: [] }
  - name: Much is <not>
    given: { tool: bank/pay, args: { amount: 11 } }
    expect: { effect: EFFECT, policies: [large] }
`;

describe("portcullis policy check", () => {
  it("lists the policies and where they stand", async () => {
    write({ "policies/a.yaml": LARGE });
    const { code, out, err } = await here("check");
    expect([code, err]).toEqual([0, expect.stringMatching(/^Arguments were not checked: .* Name one with -c\.$/)]);
    expect(out.replaceAll(/ +/g, " ")).toBe(`ID EFFECT STATE PLACE DESCRIPTION
large deny on DIR/policies/a.yaml:2 Not too much.

ok: 1 policy in 1 file, default allow
`);
  });

  it("tells every mistake in every file at once, and ends with 1", async () => {
    write({
      "policies/a.yaml": LARGE.replace("args.amount", "arg.amount"),
      "policies/b/c.yaml": `${LARGE}    mod: shadow\n`,
    });
    const { code, out, err } = await here("check");
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain("a.yaml:5:11: Unknown variable: arg.\n  5 |     when: arg.amount > 10\n    |           ^\n");
    expect(err).toContain("c.yaml:7:5: There is no key `mod` here.");
    expect(err).toContain("c.yaml:2:9: The id `large` is taken by DIR/policies/a.yaml:2.");
    expect(err).toContain("3 mistakes.");
    const json = JSON.parse((await here("check", "--json")).out);
    expect(json).toMatchObject({ ok: false, errors: [{ line: 5, column: 11 }, { line: 2 }, { line: 7 }] });
  });

  it("takes the folder, the default and the flows from the configuration", async () => {
    const flow = (name: string) => `policies: [{ id: p, then: { request_approval: { flow: ${name} } } }]`;
    write({ "portcullis.yaml": CONFIG, "policies/a.yaml": flow("finanse") });
    const config = ["check", "-c", join(dir, "portcullis.yaml")];
    const bad = await policy(...config);
    expect([bad.code, bad.err]).toEqual([1, expect.stringContaining("Did you mean `finance`?")]);
    write({ "policies/a.yaml": flow("finance") });
    const good = await policy(...config);
    expect([good.code, good.out]).toEqual([0, expect.stringContaining("default deny")]);
    expect(good.err).toContain("there is no allow policy: every call is denied");
    write({ "other/a.yaml": flow("unknown") });
    expect((await policy(...config, "--policies", join(dir, "other"))).code).toBe(1);
  });

  it.each([
    ["an empty folder", { "policies/readme.txt": "" }, /No policy in DIR\/policies is in force: every call is allowed/],
    [
      "an allow that has no effect",
      { "policies/a.yaml": "policies: [{ id: p, then: { allow: {} } }]" },
      /no effect.*: p/,
    ],
    [
      "flows that cannot be checked",
      { "policies/a.yaml": "policies: [{ id: p, then: { request_approval: { flow: f } } }]" },
      /the names of approval flows were not checked/,
    ],
  ])("warns of %s", async (_what, files, warning) => {
    write(files);
    expect(await here("check")).toMatchObject({ code: 0, err: expect.stringMatching(warning) });
  });

  it("refuses a folder that is not there", async () => {
    expect(await here("check")).toMatchObject({ code: 1, err: expect.stringContaining("it does not exist") });
  });
});

describe("portcullis policy test", () => {
  it("passes", async () => {
    write({ "policies/a.yaml": LARGE, "policies/a.test.yaml": TESTS.replace("EFFECT", "deny") });
    expect(await here("test")).toEqual({
      code: 0,
      out: `DIR/policies/a.test.yaml
RESULT  TEST            EFFECT  POLICIES
pass    Little is paid  allow   -
pass    Much is <not>   deny    large

2 passed, 0 failed
`,
      err: "",
    });
  });

  it("shows what differs, and ends with 1", async () => {
    write({ "policies/a.yaml": LARGE, "policies/a.test.yaml": TESTS.replace("EFFECT", "step_up") });
    const { code, out } = await here("test");
    expect(code).toBe(1);
    expect(out).toContain("FAIL    Much is <not>   deny    large");
    expect(out).toContain(
      "a.test.yaml:5: Much is <not>\n  effect    expected  step_up\n            actual    deny\n\n1 passed, 1 failed",
    );
  });

  it("writes a JUnit report", async () => {
    write({ "policies/a.yaml": LARGE, "policies/a.test.yaml": TESTS.replace("EFFECT", "step_up") });
    await here("test", "--junit", join(dir, "report.xml"));
    expect(readFileSync(join(dir, "report.xml"), "utf8").replaceAll(dir, "DIR")).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="portcullis policy test" tests="2" failures="1" errors="0">
  <testsuite name="DIR/policies/a.test.yaml" tests="2" failures="1" errors="0">
    <testcase classname="DIR/policies/a.test.yaml" name="Little is paid" file="DIR/policies/a.test.yaml" line="2"/>
    <testcase classname="DIR/policies/a.test.yaml" name="Much is &lt;not&gt;" file="DIR/policies/a.test.yaml" line="5">
      <failure message="not as expected: effect">effect: expected step_up, actual deny</failure>
    </testcase>
  </testsuite>
</testsuites>
`,
    );
    const unwritable = await here("test", "--junit", join(dir, "no/such/report.xml"));
    expect(unwritable).toMatchObject({ code: 1, err: expect.stringContaining("cannot be written") });
  });

  it("prints JSON", async () => {
    write({ "policies/a.yaml": LARGE, "policies/a.test.yaml": TESTS.replace("EFFECT", "step_up") });
    const { code, out } = await here("test", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      passed: 1,
      failed: 1,
      untested: [],
      files: [{ tests: [{ differences: [] }, { line: 5, differences: [{ what: "effect" }] }] }],
    });
  });

  it("names policies that no test matches", async () => {
    write({
      "policies/a.yaml": LARGE,
      "policies/b.yaml": "policies: [{ id: never, when: 'false', then: { deny: {} } }]",
      "policies/a.test.yaml": TESTS.replace("EFFECT", "deny"),
    });
    expect(await here("test")).toMatchObject({ code: 0, out: expect.stringContaining("Matched by no test: never\n") });
  });

  it("does not pass where there is nothing to run", async () => {
    write({ "policies/a.yaml": LARGE });
    expect(await here("test")).toMatchObject({ code: 1, err: expect.stringContaining("There are no tests in") });
  });

  it("shows mistakes in tests at their places", async () => {
    write({ "policies/a.yaml": LARGE, "policies/a.test.yaml": TESTS.replace("EFFECT", "denied") });
    const { code, err } = await here("test");
    expect(code).toBe(1);
    expect(err).toMatch(/a\.test\.yaml:7:23: This must be hide or deny or .*\n {2}7 \| .*\n.*\^\n/);
  });

  it("has an example in its help that runs as it stands", async () => {
    const help = await policy("test", "--help").then(() => "", String);
    const example = help.slice(help.indexOf("  tests:"), help.indexOf("\n\nExit code"));
    write({ "policies/e.yaml": readFileSync("policies/expenses.yaml", "utf8"), "policies/e.test.yaml": example });
    expect(await here("test")).toMatchObject({ code: 0, out: expect.stringContaining("1 passed") });
  });
});

describe("portcullis policy explain", () => {
  const call = ["--tool", "bank/pay", "--args", '{"amount": 11}', "--user", "ann@acme.com", "--role", "employee"];

  it("shows the decision, what matched and with which values, and why the others did not", async () => {
    const other =
      "policies: [{ id: other, target: { roles: [cfo] }, then: { deny: {} } }, { id: small, when: args.amount < 5, then: { deny: {} } }]";
    write({ "policies/a.yaml": LARGE, "policies/b.yaml": other });
    expect(await here("explain", ...call)).toEqual({
      code: 0,
      out: `deny by large
Too much: 11.

Matched
  large  deny, applies  DIR/policies/a.yaml:2
    args.amount > 10  = true
      args.amount     = 11

Did not match
  other  deny, the target does not fit  DIR/policies/b.yaml:1
    roles: wants cfo; the call has employee
  small  deny, the condition is false  DIR/policies/b.yaml:1
    args.amount < 5  = false
      args.amount    = 11
`,
      err: expect.stringContaining("Decided without the definition of bank/pay, its types and defaults"),
    });
  });

  it("names the stages of all flows that a call would go through, and who may approve", async () => {
    write({
      "policies/a.yaml": `policies:
  - { id: large, when: args.amount > 10, then: { request_approval: { flow: finance, message: Large. } } }
  - { id: any, then: { request_approval: { flow: second } } }
`,
      "portcullis.yaml": `auth: { anonymous: true }
policies: { dir: ${join(dir, "policies")} }
approval_flows:
  finance:
    stages:
      - { approvers: { roles: [finance-lead], users: ["ann@acme.com"] }, required: 2, escalate: { after: 2h, to: { roles: [cfo] } } }
  second:
    stages: [{ approvers: { roles: [cfo] } }]
    pending_ttl: 2h
    execute: on_approval
`,
    });
    const args = ["explain", ...call, "-c", join(dir, "portcullis.yaml")];
    expect((await policy(...args)).out).toContain(`Needs approval
  1. finance: 2 of role finance-lead, ann@acme.com; after 2 h also role cfo
  2. second: one of role cfo
  asks for 2 h; may be run for 1 h once it is approved; is run at once; a rejection needs a reason
`);
    expect(JSON.parse((await policy(...args, "--json")).out).approvals).toMatchObject({
      stages: [
        { flow: "finance", required: 2, escalate: { after_ms: 7_200_000 } },
        { flow: "second", required: 1 },
      ],
      execute: "on_approval",
    });
  });

  it("prints JSON, reads arguments from a file, and takes time, client, address and definition", async () => {
    write({
      "policies/a.yaml": `policies:
  - { id: p, target: { clients: [cursor], annotations: { readOnlyHint: true } }, when: 'client.ip == "10.0.0.1" && request.time.getHours("UTC") == 9 && args.n == 2', then: { deny: {} } }`,
      "args.json": '{"n": 2}',
    });
    const { code, out } = await here(
      ...["explain", "--tool", "a/b", "--args", `@${join(dir, "args.json")}`, "--time", "2026-01-31T09:00:00Z"],
      ...["--client", "cursor", "--ip", "10.0.0.1", "--definition", '{"annotations":{"readOnlyHint":true}}', "--json"],
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      decision: { effect: "deny", policy: "p" },
      policies: [{ id: "p", verdict: "applied", trace: { value: "true" } }],
    });
  });

  it("refuses policies with mistakes", async () => {
    write({ "policies/a.yaml": "policies: 1" });
    expect(await here("explain", ...call)).toMatchObject({ code: 1, err: expect.stringContaining("1 mistake.") });
  });

  it.each([
    ["no tool", []],
    ["a tool without its upstream", ["--tool", "pay"]],
    ["arguments that are no JSON", ["--tool", "a/b", "--args", "{"]],
    ["arguments that are no object", ["--tool", "a/b", "--args", "[1]"]],
    ["arguments from a file that is not there", ["--tool", "a/b", "--args", "@nowhere.json"]],
    ["a number that no call may carry", ["--tool", "a/b", "--args", '{"n": 9007199254740993}']],
    ["a time that is none", ["--tool", "a/b", "--time", "noon"]],
  ])("is misused with %s", async (_what, args) => {
    await expect(here("explain", ...args)).rejects.toThrow(/--tool|--args|--time/);
  });
});
