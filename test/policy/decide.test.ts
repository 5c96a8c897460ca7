import { describe, expect, it } from "vitest";
import { policyInput, policySet, refusalOf } from "../support/policy-inputs.ts";

describe("the strongest effect", () => {
  const effects = {
    deny: "deny: { message: denied }",
    step_up: "step_up: { acr: [mfa], message: stepped }",
    request_approval: "request_approval: { flow: finance, message: asked }",
    allow: "allow: {}",
  };
  const setOf = (names: readonly (keyof typeof effects)[], fallback: "allow" | "deny" = "allow") =>
    policySet(
      `policies: [${names.map((name, i) => `{ id: p${i}, then: { ${effects[name]} } }`).join(", ")}]`,
      fallback,
    );

  it.each([
    [["allow", "request_approval", "step_up", "deny"], "deny", "p3"],
    [["deny", "step_up", "request_approval", "allow"], "deny", "p0"],
    [["request_approval", "step_up", "allow"], "step_up", "p1"],
    [["allow", "request_approval"], "request_approval", "p1"],
    [["deny", "deny"], "deny", "p0"],
    [["allow"], "allow", undefined],
    [[], "allow", undefined],
  ] as const)("of %j is %s", (names, effect, policy) => {
    const decision = setOf(names).decide(policyInput());
    expect(decision.effect).toBe(effect);
    expect(decision.effect === "allow" ? undefined : decision.policy).toBe(policy);
    expect(decision.matched.map((match) => match.policy)).toEqual(names.map((_, index) => `p${index}`));
  });

  it.each([
    [["allow"], "allow"],
    [["allow", "request_approval"], "request_approval"],
    [["allow", "deny"], "deny"],
    [["request_approval"], "deny"],
    [["step_up"], "deny"],
    [[], "deny"],
  ] as const)("of %j where the default is deny is %s", (names, effect) => {
    expect(setOf(names, "deny").decide(policyInput()).effect).toBe(effect);
  });

  it("says that the default decided, under a name that no policy can have", () => {
    const decision = setOf(["request_approval"], "deny").decide(policyInput());
    expect(decision).toMatchObject({ effect: "deny", policy: "policies.default" });
    expect(refusalOf(decision)).toContain("No policy allows this call");
  });
});

describe("a condition that cannot be evaluated", () => {
  const when = "when: args.amount > 10";

  it.each(["deny: {}", "step_up: { max_age: 5m }", "request_approval: { flow: finance }"])(
    "counts for %s",
    (effect) => {
      const set = policySet(`policies: [{ id: p, ${when}, then: { ${effect} } }]`);
      const decision = set.decide(policyInput({ arguments: {} }));
      expect(decision.effect).toBe(effect.split(":")[0]);
      expect(decision.matched).toMatchObject([{ policy: "p", because: "error", error: "args.amount is missing" }]);
      expect(refusalOf(decision)).toContain("could not be evaluated: args.amount is missing");
    },
  );

  it("does not count for allow, and the decision says so", () => {
    const set = policySet(`policies: [{ id: p, ${when}, then: { allow: {} } }]`, "deny");
    const decision = set.decide(policyInput({ arguments: { amount: "11" } }));
    expect(decision.effect).toBe("deny");
    expect(decision.matched).toEqual([]);
    expect(decision.unapplied).toMatchObject([{ policy: "p", effect: "allow", because: "error" }]);
  });

  it("tells the agent of a missing argument, and nothing of what it is compared with", () => {
    const set = policySet("policies: [{ id: p, when: args.a > user.claims.department, then: { deny: {} } }]");
    expect(refusalOf(set.decide(policyInput({ arguments: { a: 1 } })))).not.toContain("department");
  });

  it("tells the agent nothing about what else the condition looks at", () => {
    const set = policySet("policies: [{ id: p, when: user.claims.clearance > 3, then: { deny: { message: No. } } }]");
    const decision = set.decide(policyInput());
    expect(refusalOf(decision)).toBe("No. (The policy counts because it could not be evaluated; the audit says why.)");
    expect(decision.matched[0]?.error).toBe("user.claims.clearance is missing");
  });
});

describe("policies that are not applied", () => {
  it("are reported in shadow mode, and change nothing", () => {
    const set = policySet(
      "policies: [{ id: p, mode: shadow, then: { deny: {} } }, { id: q, mode: enforce, then: { allow: {} } }]",
    );
    const decision = set.decide(policyInput());
    expect(decision.effect).toBe("allow");
    expect(decision.matched.map(({ policy }) => policy)).toEqual(["q"]);
    expect(decision.unapplied).toEqual([{ policy: "p", effect: "deny", because: "condition", mode: "shadow" }]);
  });

  it("do not allow anything in shadow mode either", () => {
    expect(
      policySet("policies: [{ id: p, mode: shadow, then: { allow: {} } }]", "deny").decide(policyInput()).effect,
    ).toBe("deny");
  });

  it("are skipped when disabled, and still listed", () => {
    const set = policySet("policies: [{ id: p, enabled: false, then: { deny: {} } }]");
    expect(set.decide(policyInput())).toEqual({ effect: "allow", matched: [], set: set.digest });
    expect(set.policies).toMatchObject([
      { id: "p", file: "p.yaml", enabled: false, effect: "deny", description: undefined },
    ]);
  });
});

describe("a decision", () => {
  it("carries the set's digest, which follows from names and texts alone", () => {
    const text = "policies: [{ id: p, then: { deny: {} } }]";
    const { digest } = policySet(text);
    expect(policySet(text).digest).toBe(digest);
    expect(policySet(`${text} `).digest).not.toBe(digest);
    expect(policySet(text).decide(policyInput()).set).toBe(digest);
  });

  it("evaluates nothing of the arguments for policies without a condition", () => {
    const untouchable = new Proxy({}, { ownKeys: fail, get: fail, getOwnPropertyDescriptor: fail });
    const set = policySet("policies: [{ id: p, target: { roles: [employee] }, then: { deny: {} } }]");
    expect(set.decide(policyInput({ arguments: untouchable })).effect).toBe("deny");
  });

  it("reads each argument once, however many policies look at it", () => {
    let reads = 0;
    const list = new Proxy([1, 2, 3], {
      get(target, key) {
        if (key === "length") reads++;
        return Reflect.get(target, key);
      },
    });
    const policies = Array.from(
      { length: 20 },
      (_, i) => `{ id: p${i}, when: "size(args.list) == ${i}", then: { deny: {} } }`,
    );
    const once = policySet(`policies: [${policies[3]}]`);
    once.decide(policyInput({ arguments: { list } }));
    const readsOfOne = reads;
    reads = 0;
    const decision = policySet(`policies: [${policies.join(", ")}]`).decide(policyInput({ arguments: { list } }));
    expect(decision.matched.map(({ policy }) => policy)).toEqual(["p3"]);
    expect(reads).toBe(readsOfOne);
  });

  it.each([
    ["deny: {}", "The policy p denies this call."],
    ["step_up: { max_age: 5m }", "The policy p asks the user to sign in again before this call."],
    ["request_approval: { flow: finance }", "The policy p asks for an approval of this call."],
  ])("has a message even where the author gave none: %s", (effect, message) => {
    expect(refusalOf(policySet(`policies: [{ id: p, then: { ${effect} } }]`).decide(policyInput()))).toBe(message);
  });
});

function fail(): never {
  throw new Error("The arguments were read.");
}

describe("a set", () => {
  const set = policySet(`policies:
  # Before the first.
  - id: first
    target: { tools: ["crm/*", "!crm/get_*"], roles: [admin] }
    when: args.x > 1
    then:
      deny:
        message: |
          No.

  # Between.
  - { id: second, mode: shadow, then: { deny: {} } }
  - id: third
    enabled: false
    then: { deny: {} }
`);

  it("knows what its policies are about and which lines they are", () => {
    expect(set.policies).toMatchObject([
      { line: 3, lastLine: 9, target: { tools: ["crm/*", "!crm/get_*"], roles: ["admin"] }, when: "args.x > 1" },
      { line: 12, lastLine: 12, target: undefined, when: undefined },
      { line: 13, lastLine: 15 },
    ]);
  });

  it.each([
    ["crm/delete", ["first", "second"]],
    ["crm/get_one", ["second"]],
  ])("names the policies that may bear on %s, whoever calls it", (path, expected) => {
    expect(set.about(policyInput({ tool: path }).subject).map(({ id }) => id)).toEqual(expected);
  });
});
