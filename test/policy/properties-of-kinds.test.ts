import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decision } from "../../src/core/decision.ts";
import { USES } from "../../src/core/subject.ts";
import type { PolicyInput, PolicySet } from "../../src/policy/policy-set.ts";
import { REQUESTS, requestAbout, STRENGTH, strengthOf, viewerOf } from "../support/any-request.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";

const TARGETS = [
  "{}",
  "{ roles: [employee] }",
  '{ roles: ["!employee"] }',
  '{ tools: ["up/*"] }',
  '{ prompts: ["up/*"] }',
  '{ prompts: ["!up/a"] }',
  '{ resources: ["up/x:*"] }',
  '{ resources: ["up/x:a", "other/*"] }',
  '{ tools: ["up/a"], prompts: ["up/a"] }',
  "{ upstreams: [up] }",
  "{ methods: [prompts/get, resources/read] }",
  "{ methods: [completion/complete] }",
  "{ methods: [resources/subscribe], roles: [employee] }",
];
const CONDITIONS = [
  undefined,
  '"employee" in user.roles',
  'client.name == "cursor"',
  'tool.name == "a"',
  'prompt.name == "a"',
  'resource.uri == "x:a"',
  'args.v == "1"',
  'request.time > timestamp("2001-01-01T00:00:00Z")',
  'request.method == "completion/complete"',
  // It fails: nobody has such a claim.
  'user.claims.absent == "x"',
];
const BODIES = {
  hide: "{}",
  deny: "{}",
  step_up: "{ acr: [mfa] }",
  request_approval: "{ flow: finance }",
  allow: "{}",
  rate_limit: "{ limit: 10, per: 1m }",
  redact: "{ detect: [email] }",
  authorize: "{ by: corp }",
  guard: "{ by: dlp }",
} as const;

type Sketch = (id: string, mode?: string) => string;

/** All policies that can be written with these parts: the others are refused when they are read. */
const POLICIES: readonly Sketch[] = Object.entries(BODIES).flatMap(([effect, body]) =>
  TARGETS.flatMap((target) =>
    CONDITIONS.flatMap((when) => {
      const condition = when === undefined ? "" : `when: ${JSON.stringify(when)}, `;
      const sketch: Sketch = (id, mode = "enforce") =>
        `{ id: ${id}, mode: ${mode}, target: ${target}, ${condition}then: { ${effect}: ${body} } }`;
      return compiles(sketch("p")) ? [sketch] : [];
    }),
  ),
);

function compiles(policy: string): boolean {
  try {
    return policySet(`policies: [${policy}]`).policies.length === 1;
  } catch {
    return false;
  }
}

const setOf = (policies: readonly string[], fallback: "allow" | "deny" = "allow"): PolicySet =>
  policySet(`policies: [${policies.join(", ")}]`, fallback);
const written = (policies: readonly Sketch[]) => policies.map((policy, index) => policy(`p${index}`));

const policies = fc.array(fc.constantFrom(...POLICIES), { maxLength: 5 });
const fallbacks = fc.constantFrom("allow" as const, "deny" as const);
const roles = fc.subarray(["employee", "cfo"]);
const clients = fc.constantFrom("cursor", "claude");

/** Any request that is decided on. */
const inputs: fc.Arbitrary<PolicyInput> = fc
  .tuple(
    fc.constantFrom(...REQUESTS),
    fc.constantFrom("a", "b"),
    fc.constantFrom("up", "down"),
    roles,
    clients,
    fc.constantFrom("1", "2"),
  )
  .map(([request, name, upstream, held, client, v]) =>
    requestAbout(request, { name, upstream, v }, { principal: { roles: held }, client: { name: client } }),
  );

describe("a decision on a request of any kind", () => {
  it("has policies of each effect to be tried with", () => {
    for (const effect of Object.keys(BODIES)) {
      expect(POLICIES.filter((policy) => policy("p").includes(`{ ${effect}:`)).length, effect).toBeGreaterThan(20);
    }
  });

  it("never becomes weaker by one more policy, where the default is allow", () => {
    fc.assert(
      fc.property(policies, fc.constantFrom(...POLICIES), inputs, (before, added, input) => {
        const first = setOf(written(before)).decide(input);
        const then = setOf([added("added"), ...written(before)]).decide(input);
        expect(strengthOf(then)).toBeGreaterThanOrEqual(strengthOf(first));
        if (first.hidden) expect(then.hidden).toBe(true);
        if (first.inspectsResult && then.effect === "allow") expect(then.inspectsResult).toBe(true);
        if (then.effect === "allow") expect(then.limits?.length ?? 0).toBeGreaterThanOrEqual(first.limits?.length ?? 0);
      }),
      { numRuns: 400 },
    );
  });

  it("goes where the default is deny only by an allow that matched, whatever else there is", () => {
    fc.assert(
      fc.property(policies, inputs, (all, input) => {
        const decision = setOf(written(all), "deny").decide(input);
        if (strengthOf(decision) < STRENGTH.deny)
          expect(decision.matched.map(({ effect }) => effect)).toContain("allow");
      }),
      { numRuns: 300 },
    );
  });

  it("is as of what nobody has, exactly where it is hidden: that is one for every request for it", () => {
    fc.assert(
      fc.property(policies, fallbacks, inputs, (all, fallback, input) => {
        const set = setOf(written(all), fallback);
        const decision = set.decide(input);
        const hidden = set.hides(viewerOf(input), input.subject);
        if (input.request.method === USES[input.subject.kind]) expect(decision.hidden === true).toBe(hidden);
        else if (hidden) expect(decision.hidden).toBe(true);
        if (decision.hidden) expect(decision.effect).toMatch(/^(hide|deny)$/);
        if (hidden) expect(set.viewerClass(viewerOf(input))).toBeTypeOf("string");
      }),
      { numRuns: 800 },
    );
  });

  it("is hidden from all viewers of one class, or from none", () => {
    fc.assert(
      fc.property(policies, fallbacks, inputs, roles, clients, (all, fallback, input, held, client) => {
        const set = setOf(written(all), fallback);
        const one = viewerOf(input);
        const { principal, client: facts } = policyInput({ principal: { roles: held }, client: { name: client } });
        const other = { principal, client: facts, endpoint: "" };
        if (set.viewerClass(one) !== set.viewerClass(other)) return;
        expect(set.hides(one, input.subject)).toBe(set.hides(other, input.subject));
      }),
      { numRuns: 400 },
    );
  });

  it("says of a policy that counts because it could not be evaluated that it does, whatever is asked for", () => {
    const failing = POLICIES.filter((policy) => policy("p").includes("absent"));
    expect(failing.length).toBeGreaterThan(50);
    const wrong: unknown[] = [];
    let counted = 0;
    for (const policy of failing) {
      const set = setOf([policy("p")]);
      for (const request of REQUESTS) {
        const { matched } = set.decide(requestAbout(request, { name: "a", upstream: "up", v: "1" }, {}));
        counted += matched.length;
        if (matched.some(({ because, error }) => because !== "error" || error === undefined))
          wrong.push([policy("p"), request]);
      }
    }
    expect(wrong).toEqual([]);
    expect(counted).toBeGreaterThan(100);
  });

  it("is the same with policies in shadow as without them, but for what is recorded of those", () => {
    fc.assert(
      fc.property(policies, policies, fallbacks, inputs, (all, shadows, fallback, input) => {
        const without = setOf(written(all), fallback);
        const set = setOf(
          [...written(all), ...shadows.map((policy, index) => policy(`s${index}`, "shadow"))],
          fallback,
        );
        const { unapplied: _before, set: _digest, inspectsResult, ...wanted } = without.decide(input);
        const { unapplied: _after, set: _other, inspectsResult: looks, ...decision } = set.decide(input);
        expect(inForce(decision)).toEqual(inForce(wanted));
        if (inspectsResult) expect(looks).toBe(true);
        const viewer = viewerOf(input);
        expect(set.hides(viewer, input.subject)).toBe(without.hides(viewer, input.subject));
        expect(set.viewerClass(viewer)).toBe(without.viewerClass(viewer));
        expect(set.redacts(input.subject)).toBe(without.redacts(input.subject));
        const results = [set, without].map((it) => it.decideResult(input, undefined).redactions);
        expect(results[0]).toEqual(results[1]);
      }),
      { numRuns: 300 },
    );
  });
});

/** A decision but for what somebody is asked without effect. */
function inForce({ authorize = [], guards = [], ...decision }: Omit<Decision, "set" | "unapplied" | "inspectsResult">) {
  const applied = ({ shadow }: { readonly shadow: boolean }): boolean => !shadow;
  return { ...decision, authorize: authorize.filter(applied), guards: guards.filter(applied) };
}
