import { describe, expect, it } from "vitest";
import type { Principal } from "../../src/core/principal.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";

const ASK = "user.acr != 'x'";

describe("step-up requirements", () => {
  it("merge to the strictest: the smallest age, and of every list one", () => {
    const set = policySet(`policies:
  - { id: a, then: { step_up: { acr: [mfa, hardware], max_age: 1h, message: Sign in. } } }
  - { id: b, then: { step_up: { max_age: 5m } } }
  - { id: c, then: { step_up: { acr: [hardware] } } }
  - { id: d, when: "false", then: { step_up: { max_age: 1s } } }
`);
    expect(set.decide(policyInput())).toMatchObject({
      effect: "step_up",
      policy: "a",
      message: "Sign in.",
      stepUp: { policies: ["a", "b", "c"], acr: [["mfa", "hardware"], ["hardware"]], maxAgeMs: 300_000 },
      approvals: [],
    });
  });

  it("take every policy's scopes, the shortest time to live and the narrowest use", () => {
    const set = policySet(`policies:
  - { id: a, then: { step_up: { scopes: [pay, read], via: scope, ttl: 1h } } }
  - { id: b, then: { step_up: { amr: [hwk, face], scopes: [pay], via: scope, ttl: 2m, per: tool } } }
  - { id: c, then: { step_up: { amr: [pin] } } }
`);
    expect(set.decide(policyInput())).toMatchObject({
      stepUp: {
        acr: [],
        amr: [["hwk", "face"], ["pin"]],
        scopes: ["pay", "read"],
        ttlMs: 120_000,
        per: "tool",
        via: "scope",
      },
    });
  });

  it.each([
    ["session", "rfc9470"],
    ["tool", undefined],
    ["call", undefined],
  ])("answer with RFC 9470 only where a new token serves: per %s", (per, challenge) => {
    const set = policySet(`policies:
  - { id: a, then: { step_up: { acr: [mfa], challenge: rfc9470 } } }
  - { id: b, then: { step_up: { acr: [mfa], per: ${per} } } }
`);
    const decision = set.decide(policyInput());
    expect(decision.effect === "step_up" && decision.stepUp).toMatchObject({ per, challenge });
  });

  it("ask nothing that no policy asked for", () => {
    const set = policySet("policies: [{ id: a, then: { step_up: { acr: [mfa] } } }]");
    const decision = set.decide(policyInput());
    expect(decision.effect === "step_up" && decision.stepUp).toEqual({
      policies: ["a"],
      acr: [["mfa"]],
      amr: [],
      maxAgeMs: undefined,
      scopes: [],
      ttlMs: undefined,
      per: "session",
      via: undefined,
      challenge: undefined,
    });
  });

  it("stand beside the approvals that are needed after them", () => {
    const set = policySet(`policies:
  - { id: a, then: { request_approval: { flow: finance, message: "Pay {{ args.amount }}." } } }
  - { id: b, then: { step_up: { acr: [mfa] } } }
`);
    expect(set.decide(policyInput({ arguments: { amount: 5 } }))).toMatchObject({
      effect: "step_up",
      stepUp: { acr: [["mfa"]], maxAgeMs: undefined },
      approvals: [{ policy: "a", flow: "finance", message: "Pay 5." }],
    });
  });
});

describe("approvals", () => {
  it("are all needed, each with its own words, and one that could not be evaluated says so", () => {
    const set = policySet(`policies:
  - { id: a, then: { request_approval: { flow: finance, message: One. } } }
  - { id: b, when: args.amount > 1, then: { request_approval: { flow: finance } } }
`);
    const decision = set.decide(policyInput());
    expect(decision).toMatchObject({
      effect: "request_approval",
      policy: "a",
      approvals: [
        { policy: "a", flow: "finance", message: "One." },
        { policy: "b", message: expect.stringContaining("args.amount is missing") },
      ],
    });
  });
});

describe("hide", () => {
  const set = policySet(`policies:
  - { id: h, target: { roles: ["!admin"], tools: ["expenses/*"] }, then: { hide: {} } }
  - { id: d, then: { deny: {} } }
`);

  it("is stronger than deny, and the tool does not exist for this caller", () => {
    expect(set.decide(policyInput())).toMatchObject({ effect: "hide", policy: "h", hidden: true });
  });

  it("leaves others to the other policies", () => {
    expect(set.decide(policyInput({ principal: { roles: ["admin"] } }))).toMatchObject({ effect: "deny", policy: "d" });
  });
});

describe("a tool is hidden from a caller", () => {
  it.each<[what: string, policies: string, fallback: "allow" | "deny", hidden: boolean]>([
    ["by a deny without a condition", "{ id: p, then: { deny: {} } }", "allow", true],
    ["by a deny for the caller's role", "{ id: p, target: { roles: [employee] }, then: { deny: {} } }", "allow", true],
    ["not by a deny for others", "{ id: p, target: { roles: [cfo] }, then: { deny: {} } }", "allow", false],
    ["by a deny about the user", `{ id: p, when: ${ASK}, then: { deny: {} } }`, "allow", true],
    ["not by a deny about arguments", '{ id: p, when: "has(args.a) || true", then: { deny: {} } }', "allow", false],
    [
      "not by a deny about the time",
      "{ id: p, when: request.time.getHours() >= 0, then: { deny: {} } }",
      "allow",
      false,
    ],
    ["not by a shadow", "{ id: p, mode: shadow, then: { deny: {} } }", "allow", false],
    ["not by an approval", "{ id: p, then: { request_approval: { flow: finance } } }", "allow", false],
    [
      "by no allow at all, where the default is deny",
      "{ id: p, then: { rate_limit: { limit: 1, per: 1m } } }",
      "deny",
      true,
    ],
    [
      "not where an allow may hold for other arguments",
      "{ id: p, when: args.a == 1, then: { allow: {} } }",
      "deny",
      false,
    ],
    ["by an allow for others only", "{ id: p, target: { roles: [cfo] }, then: { allow: {} } }", "deny", true],
    ["by an allow in shadow only", "{ id: p, mode: shadow, then: { allow: {} } }", "deny", true],
    ["not by an allow", "{ id: p, then: { allow: {} } }", "deny", false],
  ])("%s", (_what, policies, fallback, hidden) => {
    const set = policySet(`policies: [${policies}]`, fallback);
    const input = policyInput();
    expect(set.decide(input).hidden === true).toBe(hidden);
    const viewer = { principal: input.principal, client: input.client, endpoint: "" };
    expect(set.hides(viewer, input.subject)).toBe(hidden);
  });

  it("whose e-mail is missing where a deny asks for it: an error counts", () => {
    const set = policySet("policies: [{ id: p, when: user.email.endsWith('@x.com'), then: { deny: {} } }]");
    const input = policyInput({ principal: { email: undefined } });
    expect(set.decide(input)).toMatchObject({ effect: "deny", hidden: true, matched: [{ because: "error" }] });
    expect(set.hides({ principal: input.principal, client: input.client, endpoint: "" }, input.subject)).toBe(true);
  });
});

describe("the class of a viewer", () => {
  const viewer = (sketch: Parameters<typeof policyInput>[0], endpoint = "") => {
    const { principal, client } = policyInput(sketch);
    return { principal, client, endpoint };
  };

  it("is none where no policy hides anything", () => {
    const set = policySet("policies: [{ id: p, when: args.a == 1, then: { deny: {} } }]");
    expect(set.viewerClass(viewer({}))).toBeUndefined();
  });

  it("is made of the facts that lists depend on and of no others", () => {
    const set = policySet("policies: [{ id: p, target: { roles: [cfo] }, then: { deny: {} } }]");
    const one = set.viewerClass(viewer({ principal: { roles: ["cfo"], subject: "a" } }));
    expect(set.viewerClass(viewer({ principal: { roles: ["cfo"], subject: "b" } }, "finance"))).toBe(one);
    expect(set.viewerClass(viewer({ principal: { roles: ["employee"], subject: "a" } }))).not.toBe(one);
  });

  it.each([
    ["target: { users: [u-1] }", { principal: { subject: "u-2" } }],
    ["target: { users: [u-1] }", { principal: { email: "b@c.de" } }],
    ["target: { groups: [g] }", { principal: { groups: ["g"] } }],
    ["target: { clients: [c] }", { client: { name: "c" } }],
    ["target: { clients: [c] }", { client: { id: "c" } }],
    ["when: user.claims.department == 'x'", { principal: { claims: { department: "x" } } }],
    ["when: client.ip == 'x'", { client: { ip: "x" } }],
    ["when: user.name == 'x'", { principal: { name: "x" } }],
  ])("tells callers apart who differ in what it looks at: %s", (policy, other) => {
    const set = policySet(`policies: [{ id: p, ${policy}, then: { hide: {} } }]`);
    expect(set.viewerClass(viewer(other))).not.toBe(set.viewerClass(viewer({})));
  });
});

describe("rate limits", () => {
  const set = (settings: string, more = "") =>
    policySet(`policies: [{ id: p, ${more} then: { rate_limit: { limit: 10, per: 1m, ${settings} } } }]`);

  it("let the call pass and say what it takes of which budget", () => {
    const decision = set("cost: args.amount, message: 'Enough of {{ tool.name }}.'").decide(
      policyInput({ arguments: { amount: 2.5 }, principal: { email: undefined } }),
    );
    expect(decision).toMatchObject({
      effect: "allow",
      matched: [{ policy: "p", effect: "rate_limit" }],
      limits: [{ policy: "p", limit: 10, windowMs: 60_000, cost: 2.5, message: "Enough of create_expense." }],
    });
  });

  it.each<[settings: string, other: Parameters<typeof policyInput>[0], shared: boolean]>([
    ["", { tool: "expenses/other" }, true],
    ["", { principal: { subject: "u-2" } }, false],
    ["", { principal: { issuer: "https://other" } }, false],
    ["by: [tool]", { principal: { subject: "u-2" } }, true],
    ["by: [tool]", { tool: "expenses/other" }, false],
    ["by: [user, tool]", { tool: "expenses/other" }, false],
    ["by: [client]", { principal: { subject: "u-2" }, client: { name: "renamed" } }, true],
    ["by: [client]", { client: { id: "other" } }, false],
    ["key: args.account", { arguments: { account: "b" } }, false],
    ["key: args.account", { arguments: { account: "a" } }, true],
    ["key: args.number", { arguments: { number: "5" } }, true],
    ["key: args.number", { arguments: { number: "05" } }, false],
    ["key: args.name", { arguments: { name: "e\u0301" } }, true],
  ])("{ %s } counts %j together with another: %s", (settings, other, shared) => {
    const base = { arguments: { account: "a", number: 5, name: "\u00e9" } };
    const [one] = set(settings).decide(policyInput(base)).limits ?? [];
    const [two] = set(settings).decide(policyInput({ ...base, ...other })).limits ?? [];
    expect(one?.counter).toBeTypeOf("string");
    expect(one?.counter === two?.counter).toBe(shared);
  });

  it.each<[who: string, principal: Partial<Principal>, shared: boolean]>([
    ["a token without the address", { email: undefined }, true],
    ["a key with the same address", { issuer: "portcullis:keys", subject: "ann@example.com" }, true],
    [
      "another issuer that may say the address",
      { issuer: "https://other", subject: "x", email: "Ann+1@Example.com" },
      true,
    ],
    ["another issuer that may not", { issuer: "https://other", subject: "x", email: undefined }, false],
    ["an unverified address", { subject: "u-2", email: undefined, aliases: ["ann@example.com"] }, false],
    ["another person", { subject: "u-2", email: "bob@example.com" }, false],
  ])("count %s together with a token that has the address: %s", (_who, principal, shared) => {
    const countersOf = (more: Partial<Principal>) =>
      (set("").decide(policyInput({ principal: more })).limits ?? []).map(({ counter }) => counter);
    const mine = countersOf({});
    expect(countersOf(principal).some((counter) => mine.includes(counter))).toBe(shared);
  });

  it("count everybody's credentials together that people names", () => {
    const countersOf = (more: Partial<Principal>) =>
      (set("").decide(policyInput({ principal: { person: "Ann", ...more } })).limits ?? []).map(
        ({ counter }) => counter,
      );
    expect(countersOf({})).toHaveLength(1);
    expect(countersOf({ issuer: "portcullis:keys", subject: "laptop", email: undefined })).toEqual(countersOf({}));
  });

  it.each<[what: string, settings: string]>([
    ["a cost that is missing", "cost: args.amount"],
    ["a negative cost", "cost: 0.0 - 1.0"],
    ["a cost that is no number", "cost: user.id"],
    ["a key that is missing", "key: args.account"],
    ["a key that is a list", "key: user.roles"],
  ])("refuse a call that cannot be counted: %s", (_what, settings) => {
    const decision = set(settings).decide(policyInput());
    expect(decision).toMatchObject({ effect: "deny", policy: "p", matched: [{ because: "error" }] });
    expect(decision.limits).toBeUndefined();
  });

  it("of a refused call take nothing, and those of a paused one wait with it", () => {
    const policies = "{ id: r, then: { rate_limit: { limit: 1, per: 1m } } }";
    const denied = policySet(`policies: [${policies}, { id: d, when: args.a == 1, then: { deny: {} } }]`);
    expect(denied.decide(policyInput()).limits).toBeUndefined();
    const paused = policySet(`policies: [${policies}, { id: d, then: { step_up: { acr: [mfa] } } }]`);
    expect(paused.decide(policyInput()).limits).toHaveLength(2);
  });

  it("in shadow count nothing", () => {
    const decision = set("", "mode: shadow,").decide(policyInput());
    expect(decision.limits).toBeUndefined();
    expect(decision.unapplied).toMatchObject([{ policy: "p", effect: "rate_limit", mode: "shadow" }]);
  });
});

describe("redaction", () => {
  const set = policySet(`policies:
  - { id: a, target: { tools: ["expenses/*"] }, then: { redact: { detect: [email] } } }
  - { id: b, when: "!result.is_error && result.structured.secret == true", then: { redact: { paths: [$.x] } } }
  - { id: c, mode: shadow, then: { redact: { detect: [iban] } } }
  - { id: d, target: { roles: [cfo] }, then: { redact: { detect: [phone] } } }
`);
  const result = { isError: false, structured: { secret: true }, text: "" };

  it("waits for the result", () => {
    const decision = set.decide(policyInput());
    expect(decision).toMatchObject({ effect: "allow", matched: [], inspectsResult: true });
    expect(policySet("policies: []").decide(policyInput()).inspectsResult).toBeUndefined();
  });

  it("is decided on it, and by the caller too", () => {
    const decision = set.decideResult(policyInput(), result);
    expect(decision.matched.map(({ policy }) => policy)).toEqual(["a", "b"]);
    expect(decision.unapplied).toMatchObject([{ policy: "c", mode: "shadow" }]);
    expect(decision.redactions).toHaveLength(2);
    const other = set.decideResult(policyInput({ tool: "crm/x" }), { ...result, isError: true });
    expect(other.matched).toEqual([]);
  });

  it("counts where its condition cannot be evaluated, as before there is a result", () => {
    for (const seen of [undefined, { isError: false, structured: undefined, text: "" }]) {
      expect(set.decideResult(policyInput(), seen).matched).toMatchObject([
        { policy: "a", because: "condition" },
        { policy: "b", because: "error" },
      ]);
    }
  });

  it("says for which tools it may happen", () => {
    const tool = (path: string) => policyInput({ tool: path }).subject;
    const only = policySet(
      'policies: [{ id: a, target: { tools: ["crm/*"] }, then: { redact: { detect: [email] } } }]',
    );
    expect([only.redacts(tool("crm/x")), only.redacts(tool("expenses/x"))]).toEqual([true, false]);
  });
});

describe("policies that name a role", () => {
  it("are found by it among a thousand, in file order, whatever the roles' order", () => {
    const lines = Array.from(
      { length: 1000 },
      (_, i) => `  - { id: p${i}, target: { roles: [r${i % 100}] }, then: { deny: {} } }`,
    );
    const set = policySet(
      `policies:\n${lines.join("\n")}\n  - { id: last, target: { groups: [g] }, then: { deny: {} } }\n`,
    );
    const matched = (roles: readonly string[], groups: readonly string[] = []) =>
      set.decide(policyInput({ principal: { roles, groups } })).matched.map(({ policy }) => policy);
    expect(matched(["r7"])).toEqual(Array.from({ length: 10 }, (_, i) => `p${i * 100 + 7}`));
    expect(matched(["r8", "r7"], ["g"]).slice(0, 3)).toEqual(["p7", "p8", "p107"]);
    expect(matched(["r8", "r7"], ["g"]).at(-1)).toBe("last");
    expect(matched([])).toEqual([]);
  });
});
