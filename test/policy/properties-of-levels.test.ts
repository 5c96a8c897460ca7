import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decision } from "../../src/core/decision.ts";
import { USES } from "../../src/core/subject.ts";
import { defaultKeyOf, levelOfId, type PolicyLevel } from "../../src/policy/levels.ts";
import type { PolicyInput, PolicySet } from "../../src/policy/policy-set.ts";
import { REQUESTS, requestAbout, STRENGTH, strengthOf, viewerOf } from "../support/any-request.ts";
import { type Levels, leveledSet } from "../support/policy-levels.ts";

const LEVELS: readonly PolicyLevel[] = ["gateway", "endpoint/one", "endpoint/two", "upstream/up", "upstream/down"];
const TARGETS = [
  "{}",
  "{ roles: [employee] }",
  '{ roles: ["!employee"] }',
  '{ tools: ["up/*"] }',
  '{ prompts: ["up/a"] }',
  '{ resources: ["up/x:*"] }',
  "{ endpoints: [one, two] }",
  "{ upstreams: [up, down] }",
  "{ methods: [prompts/get, resources/read] }",
];
const CONDITIONS = [
  "",
  `when: '"employee" in user.roles', `,
  `when: 'tool.name == "a"', `,
  `when: 'request.endpoint == "one"', `,
  `when: 'args.v == "1"', `,
  // It fails: nobody has such a claim.
  `when: 'user.claims.absent == "x"', `,
];
const BODIES = {
  hide: "{}",
  deny: "{}",
  step_up: "{ acr: [mfa] }",
  request_approval: "{ flow: finance }",
  allow: "{}",
  rate_limit: "{ limit: 10, per: 1m }",
  redact: "{ detect: [email] }",
} as const;

interface Sketch {
  readonly effect: keyof typeof BODIES;
  readonly text: (id: string, mode?: string) => string;
}

/** All policies of each level that can be written with these parts. */
const POLICIES = new Map(
  LEVELS.map((level) => [
    level,
    (Object.keys(BODIES) as Sketch["effect"][]).flatMap((effect) =>
      TARGETS.flatMap((target) =>
        CONDITIONS.flatMap((when): Sketch[] => {
          const then = `then: { ${effect}: ${BODIES[effect]} }`;
          const text: Sketch["text"] = (id, mode = "enforce") =>
            `{ id: ${id}, mode: ${mode}, target: ${target}, ${when}${then} }`;
          return compiles(level, text("p")) ? [{ effect, text }] : [];
        }),
      ),
    ),
  ]),
);

function compiles(level: PolicyLevel, policy: string): boolean {
  try {
    return leveledSet({ [level]: { policies: [policy] } }).policies.length === 1;
  } catch {
    return false;
  }
}

interface Placed {
  readonly level: PolicyLevel;
  readonly sketch: Sketch;
  readonly mode: string;
}
type Defaults = Partial<Record<PolicyLevel, "allow" | "deny">>;

const placed = fc
  .tuple(fc.constantFrom(...LEVELS), fc.constantFrom("enforce", "enforce", "enforce", "shadow"))
  .chain(([level, mode]) =>
    fc.constantFrom(...(POLICIES.get(level) ?? [])).map((sketch): Placed => ({ level, sketch, mode })),
  );
const tightening = placed.filter(({ sketch }) => sketch.effect !== "allow");
const someDefaults: fc.Arbitrary<Defaults> = fc
  .tuple(...LEVELS.map(() => fc.constantFrom("allow", "deny", undefined)))
  .map((given) =>
    Object.fromEntries(LEVELS.flatMap((level, index) => (given[index] === undefined ? [] : [[level, given[index]]]))),
  );

/** Ids go by their place in the list, so that the others of a level keep theirs when one comes. */
function setOf(policies: readonly Placed[], defaults: Defaults): PolicySet {
  const levels: Record<string, { default?: "allow" | "deny"; policies: string[] }> = {};
  for (const level of LEVELS) {
    const own = policies.flatMap((it, index) => (it.level === level ? [it.sketch.text(`p${index}`, it.mode)] : []));
    const fallback = defaults[level];
    if (own.length > 0 || fallback !== undefined)
      levels[level] = { policies: own, ...(fallback && { default: fallback }) };
  }
  return leveledSet(levels as Levels);
}

const inputs: fc.Arbitrary<PolicyInput> = fc
  .record({
    request: fc.constantFrom(...REQUESTS),
    name: fc.constantFrom("a", "b"),
    upstream: fc.constantFrom("up", "down"),
    endpoint: fc.constantFrom("", "one", "two"),
    roles: fc.subarray(["employee", "cfo"]),
    v: fc.constantFrom("1", "2"),
  })
  .map(({ request, endpoint, roles, ...about }) =>
    requestAbout(request, about, { principal: { roles }, request: { endpoint } }),
  );

const approvalsOf = (decision: Decision): readonly string[] =>
  "approvals" in decision ? decision.approvals.map(({ policy }) => policy) : [];
const RESULT = { isError: false, structured: undefined, text: "ann@acme.com" };

/** That `after` is at least as strict as `before` with this request. */
function expectTighter(before: PolicySet, after: PolicySet, input: PolicyInput): void {
  const first = before.decide(input);
  const then = after.decide(input);
  expect(strengthOf(then)).toBeGreaterThanOrEqual(strengthOf(first));
  if (before.hides(viewerOf(input), input.subject)) expect(after.hides(viewerOf(input), input.subject)).toBe(true);
  expect(after.decideResult(input, RESULT).redactions.length).toBeGreaterThanOrEqual(
    before.decideResult(input, RESULT).redactions.length,
  );
  if (then.effect === "hide" || then.effect === "deny") return;
  for (const policy of approvalsOf(first)) expect(approvalsOf(then)).toContain(policy);
  expect(then.limits?.length ?? 0).toBeGreaterThanOrEqual(first.limits?.length ?? 0);
  if (first.inspectsResult) expect(then.inspectsResult).toBe(true);
}

describe("policies of several levels", () => {
  it("only tighten: one more that is no allow, at whichever level", () => {
    fc.assert(
      fc.property(
        fc.array(placed, { maxLength: 6 }),
        tightening,
        someDefaults,
        inputs,
        (all, added, defaults, input) => {
          expectTighter(setOf(all, defaults), setOf([...all, added], defaults), input);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("only tighten: one more level, whatever is in it, its allows included", () => {
    const own = fc.tuple(fc.constantFrom(...LEVELS.slice(1)), fc.constantFrom("allow" as const, "deny" as const));
    fc.assert(
      fc.property(
        fc.array(placed, { maxLength: 8 }),
        own,
        someDefaults,
        inputs,
        (all, [level, fallback], given, input) => {
          const { [level]: _, ...others } = given;
          // Last, so that the ids of the others stay the same.
          const rest = all.filter((it) => it.level !== level);
          const inside = all.filter((it) => it.level === level);
          expectTighter(setOf(rest, others), setOf([...rest, ...inside], { ...others, [level]: fallback }), input);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("let a request pass only where every level that wants an allow has one of its own", () => {
    fc.assert(
      fc.property(fc.array(placed, { maxLength: 8 }), someDefaults, inputs, (all, defaults, input) => {
        const set = setOf(all, defaults);
        const decision = set.decide(input);
        const wanted = set.wantsAllowOf(input.request.endpoint, input.subject.upstream);
        const passed = ["gateway", `endpoint/${input.request.endpoint}`, `upstream/${input.subject.upstream}`];
        expect(wanted).toEqual(passed.filter((level) => defaults[level as PolicyLevel] === "deny"));
        const allowed = decision.matched.flatMap(({ policy, effect }) =>
          effect === "allow" ? [levelOfId(policy)] : [],
        );
        if (strengthOf(decision) < Number(STRENGTH.deny)) for (const level of wanted) expect(allowed).toContain(level);
        for (const { policy } of decision.matched) expect(passed).toContain(levelOfId(policy));
        if (decision.effect === "deny" && decision.policy.endsWith("policies.default"))
          expect(wanted.map(defaultKeyOf)).toContain(decision.policy);
      }),
      { numRuns: 300 },
    );
  });

  it("hide from lists exactly what is answered as unknown, the same from viewers of one class", () => {
    fc.assert(
      fc.property(fc.array(placed, { maxLength: 6 }), someDefaults, inputs, inputs, (all, defaults, input, other) => {
        const set = setOf(all, defaults);
        const use = { ...input, request: { ...input.request, method: USES[input.subject.kind] } };
        expect(set.hides(viewerOf(input), input.subject)).toBe(set.decide(use).hidden === true);
        const [mine, yours] = [viewerOf(input), viewerOf(other)];
        if (set.viewerClass(mine) === set.viewerClass(yours))
          expect(set.hides(yours, input.subject)).toBe(set.hides(mine, input.subject));
      }),
      { numRuns: 300 },
    );
  });
});
