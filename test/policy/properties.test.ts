import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Document, isMap, isScalar, parseDocument } from "yaml";
import type { Decision } from "../../src/core/decision.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { scalarOffsets } from "../../src/policy/file/scalar-offsets.ts";
import type { PolicySet } from "../../src/policy/policy-set.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";

const KEYS = ["amount", "list", "a", "b", "name", "constructor", "toString", "$typeName", "__proto__"];

const ABOUT_VIEWER = [
  '"employee" in user.roles',
  "user.claims.level > 3",
  'client.name == "cursor"',
  "tool.name == 'x'",
];

const args = fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string()), fc.jsonValue({ maxDepth: 12 }), {
  maxKeys: 8,
}) as fc.Arbitrary<JsonObject>;

const CONDITIONS = [
  "args.amount > 100",
  'args["constructor"] == 1',
  "args.list.exists(x, x == args.a)",
  "args.list.all(x, has(x.a) && x.a > 1.0)",
  "args.list.map(x, x).size() > 2",
  "args.a == args.b",
  "args.a in args.list",
  'args.name.matches("^a.*z$")',
  "size(args) > 3",
  'args.name.split(",").exists(x, x == "a")',
  "timestamp(args.name) < request.time",
  "args.all(k, k != args[k])",
  'has(args.a.b) || "employee" in user.roles',
  "!args.a",
  "args.a + args.b == args.list",
  'string(args.amount) == "5"',
];

const target = fc.constantFrom(
  "{}",
  "{ roles: [employee] }",
  '{ roles: ["!employee"] }',
  '{ tools: ["expenses/*"] }',
  '{ tools: ["!expenses/*"] }',
  '{ users: ["*@other.com"] }',
);
const mode = fc.constantFrom("enforce", "shadow");
const policy = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      when: fc.option(fc.constantFrom(...CONDITIONS, ...ABOUT_VIEWER), { nil: undefined }),
      effect: fc.constantFrom("deny", "step_up", "request_approval", "allow", "rate_limit", "redact"),
      target,
      mode,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      when: fc.option(fc.constantFrom(...ABOUT_VIEWER), { nil: undefined }),
      effect: fc.constant("hide" as const),
      target,
      mode,
    }),
  },
);
type Sketch = typeof policy extends fc.Arbitrary<infer T> ? T : never;

const BODIES: Readonly<Record<Sketch["effect"], string>> = {
  hide: "{}",
  deny: '{ message: "No: {{ args.a }} {{ args.list }}" }',
  step_up: "{ acr: [mfa] }",
  request_approval: "{ flow: finance }",
  allow: "{}",
  rate_limit: "{ limit: 10, per: 1m, key: args.name, cost: args.amount }",
  redact: "{ detect: [email], paths: [$.a] }",
};

const written = (it: Sketch, index: number) =>
  `  - { id: p${index}, mode: ${it.mode}, target: ${it.target}, ` +
  `${it.when === undefined ? "" : `when: ${JSON.stringify(it.when)}, `}then: { ${it.effect}: ${BODIES[it.effect]} } }`;

const setOf = (policies: readonly Sketch[], fallback: "allow" | "deny"): PolicySet =>
  policySet(policies.length === 0 ? "policies: []" : `policies:\n${policies.map(written).join("\n")}`, fallback);

describe("a decision, whatever the policies and the arguments", () => {
  const everything = setOf(
    CONDITIONS.flatMap((when) =>
      (["deny", "allow"] as const).map((effect) => ({ when, effect, target: "{}", mode: "enforce" as const })),
    ),
    "deny",
  );

  it("is made without a throw, and the same way each time", () => {
    fc.assert(
      fc.property(args, (value) => {
        const decision = everything.decide(policyInput({ arguments: value }));
        expect(everything.decide(policyInput({ arguments: structuredClone(value) }))).toEqual(decision);
        expect(decision.effect).toMatch(/^(allow|deny)$/);
      }),
      { numRuns: 500 },
    );
  });

  it("never turns from a refusal into an allowance by one more policy, where the default is allow", () => {
    const strength: Readonly<Record<string, number>> = { allow: 0, request_approval: 1, step_up: 2, deny: 3, hide: 4 };
    const strengthOf = ({ effect }: Decision) => strength[effect] ?? Number.NaN;
    fc.assert(
      fc.property(fc.array(policy, { maxLength: 6 }), policy, args, fc.nat(6), (policies, added, value, at) => {
        const input = policyInput({ arguments: value });
        const before = setOf(policies, "allow").decide(input);
        const more = [...policies.slice(0, at), added, ...policies.slice(at)];
        const after = setOf(more, "allow").decide(input);
        expect(strengthOf(after)).toBeGreaterThanOrEqual(strengthOf(before));
        if (before.hidden) expect(after.hidden).toBe(true);
        if (after.effect === "allow")
          expect(after.limits?.length ?? 0).toBeGreaterThanOrEqual(before.limits?.length ?? 0);
      }),
      { numRuns: 300 },
    );
  });

  it("needs an allow that truly matched, where the default is deny", () => {
    fc.assert(
      fc.property(fc.array(policy, { maxLength: 6 }), args, (policies, value) => {
        const decision = setOf(policies, "deny").decide(policyInput({ arguments: value }));
        const allows = decision.matched.filter(({ effect }) => effect === "allow");
        expect(allows.every(({ because }) => because === "condition")).toBe(true);
        if (decision.effect !== "deny" && decision.effect !== "hide") expect(allows).not.toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("agrees with what is listed: a tool is hidden from a list exactly when every call of it is answered as unknown", () => {
    const fallbacks = fc.constantFrom("allow" as const, "deny" as const);
    const roles = fc.subarray(["employee", "cfo"]);
    fc.assert(
      fc.property(fc.array(policy, { maxLength: 6 }), fallbacks, roles, args, (policies, fallback, held, value) => {
        const input = policyInput({ arguments: value, principal: { roles: held } });
        const set = setOf(policies, fallback);
        const viewer = { principal: input.principal, client: input.client, endpoint: input.request.endpoint };
        const decision = set.decide(input);
        expect(set.hides(viewer, input.subject)).toBe(decision.hidden === true);
        if (decision.hidden) expect(decision.effect).toMatch(/^(hide|deny)$/);
        if (set.hides(viewer, input.subject)) expect(set.viewerClass(viewer)).toBeTypeOf("string");
      }),
      { numRuns: 500 },
    );
  });

  it("hides the same tools from viewers of one class", () => {
    const viewerOf = (held: readonly string[], name: string, email: string) => {
      const { principal, client } = policyInput({ principal: { roles: held, email }, client: { name } });
      return { principal, client, endpoint: "" };
    };
    const viewer = fc
      .tuple(
        fc.subarray(["employee", "cfo"]),
        fc.constantFrom("cursor", "claude"),
        fc.constantFrom("a@b.com", "a@other.com"),
      )
      .map((parts) => viewerOf(...parts));
    fc.assert(
      fc.property(fc.array(policy, { maxLength: 6 }), viewer, viewer, (policies, one, other) => {
        const set = setOf(policies, "allow");
        if (set.viewerClass(one) !== set.viewerClass(other)) return;
        const { subject: tool } = policyInput();
        expect(set.hides(one, tool)).toBe(set.hides(other, tool));
      }),
      { numRuns: 300 },
    );
  });
});

describe("the places of a scalar's characters", () => {
  const line = fc.stringMatching(/^[a-z0-9.&|()"' >!=\\]{0,20}$/);

  it.each(["PLAIN", "QUOTE_SINGLE", "QUOTE_DOUBLE", "BLOCK_LITERAL", "BLOCK_FOLDED"] as const)(
    "are those of the same characters in the file: %s",
    (style) => {
      fc.assert(
        fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
          const value = lines.join("\n");
          const written = new Document({ when: value });
          const scalar = isMap(written.contents) ? written.contents.get("when", true) : undefined;
          if (!isScalar(scalar)) throw new Error("no scalar");
          scalar.type = style;
          const text = written.toString({ lineWidth: 24 });
          const parsed = parseDocument(text).get("when", true);
          if (!isScalar(parsed) || typeof parsed.value !== "string" || parsed.range == null) throw new Error("no text");
          const kind = parsed.type as typeof style;
          const source = text.slice(parsed.range[0], parsed.range[1]);
          const offsets = scalarOffsets(source, parsed.value, kind);
          expect(offsets).toHaveLength(parsed.value.length + 1);
          [...parsed.value].forEach((character, index) => {
            const place = source[offsets[index] ?? -1];
            // Line ends may be folded away, and quoted characters start with what quotes them.
            if (/\S/.test(character)) expect(["\\", "'", character]).toContain(place);
            if (/[a-z0-9]/.test(character)) expect(place).toBe(character);
          });
        }),
        { numRuns: 300 },
      );
    },
  );
});
