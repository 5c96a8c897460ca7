import { describe, expect, it } from "vitest";
import { digestOf } from "../../src/core/digest.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import { compileOutline } from "../../src/policy/compile/compile-outline.ts";
import { checkFiles } from "../../src/policy/compile/entries.ts";
import type { Viewer } from "../../src/policy/policy-set.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";
import { type Levels, leveledSet, levelFiles } from "../support/policy-levels.ts";

const DENY = "{ id: p, then: { deny: {} } }";
const ALLOW = "{ id: p, then: { allow: {} } }";
const LIMIT = "{ id: p, then: { rate_limit: { limit: 5, per: 1m } } }";

const at = (endpoint: string, tool = "expenses/create") => policyInput({ tool, request: { endpoint } });
const viewerAt = (endpoint: string): Viewer => {
  const { principal, client } = policyInput();
  return { principal, client, endpoint };
};

describe("a policy of a level", () => {
  it.each([
    [
      "endpoint/finance",
      [
        ["finance", "expenses/create", "deny"],
        ["", "expenses/create", "allow"],
        ["crm", "crm/get", "allow"],
      ],
    ],
    [
      "upstream/crm",
      [
        ["finance", "expenses/create", "allow"],
        ["finance", "crm/get", "deny"],
        ["", "crm/get", "deny"],
      ],
    ],
    [
      "gateway",
      [
        ["finance", "expenses/create", "deny"],
        ["", "crm/get", "deny"],
      ],
    ],
  ] as const)("of %s is about what passes it and about nothing else", (level, calls) => {
    const set = leveledSet({ gateway: { policies: [] }, [level]: { policies: [DENY] } });
    for (const [endpoint, tool, effect] of calls) expect(set.decide(at(endpoint, tool)).effect).toBe(effect);
  });

  it("keeps the narrower part of its own target, and is refused where that leaves its level out", () => {
    const narrow = "{ id: p, target: { endpoints: [finance, sales], tools: [expenses/create] }, then: { deny: {} } }";
    const set = leveledSet({ "endpoint/finance": { policies: [narrow] } });
    const effects = [at("finance"), at("sales"), at("finance", "expenses/list")].map((it) => set.decide(it).effect);
    expect(effects).toEqual(["deny", "allow", "allow"]);
    const idle = '{ id: p, target: { endpoints: ["!fin*"] }, then: { deny: {} } }';
    expect(() => leveledSet({ "endpoint/finance": { policies: [idle] } })).toThrow(
      "the endpoint finance, which its target does not fit",
    );
    const elsewhere = "{ id: p, target: { upstreams: [hr] }, then: { deny: {} } }";
    expect(() => leveledSet({ "upstream/crm": { policies: [elsewhere] } })).toThrow(
      "the upstream crm, which its target does not fit",
    );
  });

  it("has an id that says its level, unique within it", () => {
    const all: Levels = {
      gateway: { policies: [LIMIT] },
      "endpoint/finance": { policies: [LIMIT] },
      "upstream/expenses": { policies: [LIMIT] },
    };
    const set = leveledSet(all);
    const ids = ["p", "endpoint/finance:p", "upstream/expenses:p"];
    expect(set.policies.map(({ id }) => id)).toEqual(ids);
    expect(set.policies.map(({ level }) => level)).toEqual(["gateway", "endpoint/finance", "upstream/expenses"]);
    const { matched, limits = [] } = set.decide(at("finance"));
    expect(matched.map(({ policy }) => policy)).toEqual(ids);
    expect([...new Set(limits.map(({ policy }) => policy))]).toEqual(ids);
    // Ann has two names, and each budget is counted for both.
    expect(new Set(limits.map(({ counter }) => counter)).size).toBe(2 * ids.length);
    expect(() => leveledSet({ "endpoint/finance": { policies: [LIMIT, DENY] } })).toThrow("The id `p` is taken");
  });

  it("adds its approvals and its sign-in to those of the others", () => {
    const approval = "{ id: p, then: { request_approval: { flow: finance } } }";
    const stepUp = "{ id: s, then: { step_up: { acr: [mfa] } } }";
    const set = leveledSet({
      gateway: { policies: [approval] },
      "endpoint/finance": { policies: [approval, stepUp] },
      "upstream/expenses": { policies: [stepUp] },
    });
    const decision = set.decide(at("finance"));
    if (decision.effect !== "step_up") throw new Error(decision.effect);
    expect(decision.approvals.map(({ policy }) => policy)).toEqual(["p", "endpoint/finance:p"]);
    expect(decision.stepUp.policies).toEqual(["endpoint/finance:s", "upstream/expenses:s"]);
    expect(decision.message).toContain("endpoint/finance:s");
  });
});

describe("the default of a level", () => {
  const LEVELS = ["gateway", "endpoint/finance", "upstream/expenses"] as const;
  const KEYS = ["policies.default", "endpoints.finance.policies.default", "upstreams.expenses.policies.default"];

  it("wants an allow of this very level, each of the levels that deny", () => {
    for (let denying = 0; denying < 8; denying++) {
      for (let allowing = 0; allowing < 8; allowing++) {
        const set = leveledSet(
          Object.fromEntries(
            LEVELS.map((level, index) => [
              level,
              {
                default: (denying >> index) & 1 ? ("deny" as const) : ("allow" as const),
                policies: (allowing >> index) & 1 ? [ALLOW] : [],
              },
            ]),
          ),
        );
        const missing = LEVELS.findIndex((_, index) => ((denying & ~allowing) >> index) & 1);
        const decision = set.decide(at("finance"));
        expect(decision.effect).toBe(missing < 0 ? "allow" : "deny");
        if (decision.effect === "deny") expect(decision.policy).toBe(KEYS[missing]);
        expect(decision.hidden ?? false).toBe(missing >= 0);
        expect(set.hides(viewerAt("finance"), at("finance").subject)).toBe(missing >= 0);
      }
    }
  });

  it("shapes the lists of this endpoint alone", () => {
    const set = leveledSet({ "endpoint/finance": { default: "deny", policies: [] } });
    const { subject } = at("finance");
    expect([set.hides(viewerAt("finance"), subject), set.hides(viewerAt(""), subject)]).toEqual([true, false]);
    expect(set.viewerClass(viewerAt("finance"))).not.toBe(set.viewerClass(viewerAt("")));
    expect(set.decide(at("")).effect).toBe("allow");
    expect(set.decide(at("finance"))).toMatchObject({
      message: expect.stringContaining("No policy of the endpoint finance allows this call"),
    });
  });

  it("shapes what is listed of this upstream alone", () => {
    const only = "{ id: p, target: { tools: [crm/get] }, then: { allow: {} } }";
    const set = leveledSet({ "upstream/crm": { default: "deny", policies: [only] } });
    const hidden = ["expenses/create", "crm/get", "crm/put"].map((tool) =>
      set.hides(viewerAt(""), at("", tool).subject),
    );
    expect(hidden).toEqual([false, false, true]);
  });
});

describe("the set of all levels", () => {
  it("has a digest over every level with its default, and without levels the one that it had", () => {
    const digests = [
      leveledSet({ gateway: { policies: [DENY] } }),
      leveledSet({ gateway: { policies: [DENY] }, "endpoint/a": { policies: [DENY] } }),
      leveledSet({ gateway: { policies: [DENY] }, "endpoint/a": { policies: [ALLOW] } }),
      leveledSet({ gateway: { policies: [DENY] }, "endpoint/a": { policies: [DENY], default: "deny" } }),
      leveledSet({ gateway: { policies: [DENY] }, "endpoint/b": { policies: [DENY] } }),
      leveledSet({ gateway: { policies: [DENY] }, "upstream/a": { policies: [DENY] } }),
    ].map(({ digest }) => digest);
    expect(new Set(digests).size).toBe(digests.length);
    expect(policySet("policies: []").digest).toBe(digestOf([["p.yaml", "policies: []"]]));
  });

  it("is the same where it is compiled beside the calls", async () => {
    const { files, options } = levelFiles({
      gateway: { default: "deny", policies: [ALLOW] },
      "endpoint/finance": {
        default: "deny",
        policies: [ALLOW, "{ id: q, target: { endpoints: [finance, x] }, then: { deny: {} } }"],
      },
      "upstream/crm": { policies: [LIMIT] },
    });
    const checked = checkFiles(files, options);
    const compiled = compilePolicies(files, options);
    if (!checked.ok || !compiled.ok) throw new Error("There are mistakes.");
    const policies = checked.entries.map(({ parts: _, ...entry }) => JSON.stringify(entry));
    const set = await compileOutline({ ok: true, digest: checked.digest, files, policies }, options);
    expect(set.policies).toEqual(compiled.set.policies);
    for (const input of [at(""), at("finance"), at("finance", "crm/get"), at("", "crm/get")]) {
      expect(set.decide(input)).toEqual(compiled.set.decide(input));
    }
  });
});
