import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ArgumentsMode, createRowEncoder } from "../../src/audit/encode-row.ts";
import { createRowReader } from "../../src/commands/policy/replay-rows.ts";
import type { Decision } from "../../src/core/decision.ts";
import { digestOf } from "../../src/core/digest.ts";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { createSeal } from "../../src/core/seal.ts";
import { createAnswers, sentBy } from "../../src/policy/answer.ts";
import type { PolicyInput, PolicySet } from "../../src/policy/policy-set.ts";
import { effectOf, type Replayed, replayCall } from "../../src/policy/replay/replay.ts";
import type { StoredAuditRow } from "../../src/store/audit/audit-row.ts";
import { digest } from "../support/audit-key.ts";
import { type InputSketch, policyInput, policySet } from "../support/policy-inputs.ts";
import { randomArgs, randomCondition, randomRoles } from "../support/random-conditions.ts";

const seal = createSeal(new Uint8Array(32).fill(7), "audit-arguments");
const MODES: readonly ArgumentsMode[] = ["digest", "redacted", "sealed", "full"];
const SECRET = `AKIA${"A".repeat(16)}`;

/** A call as the gateway records it. `given`: as it came, where policies made something else of it. */
function rowOf(input: PolicyInput, decision: Decision, mode: ArgumentsMode, given?: PolicyInput): StoredAuditRow {
  const { principal, client, subject: tool, request } = input;
  const row = createRowEncoder({ arguments: mode, seal, digest }).opening({
    callId: request.id,
    at: request.time,
    principal,
    client,
    endpoint: request.endpoint,
    session: request.session,
    method: request.method,
    upstream: tool.upstream,
    subjectKind: "tool",
    subject: tool.name,
    definitionDigest: digestOf(tool.definition),
    decision,
    arguments: input.arguments,
    given: given?.arguments,
    headers: request.headers,
    traceId: undefined,
  });
  return { ...row, seq: 1, prevHash: "", hash: "", scheme: null };
}

interface Replaying {
  readonly mode?: ArgumentsMode;
  /** What decided then; without it the same policies. */
  readonly before?: PolicySet;
  readonly changes?: Partial<StoredAuditRow>;
  readonly withoutKey?: boolean;
  readonly argumentsRefused?: boolean;
}

async function replay(set: PolicySet, input: PolicyInput, how: Replaying = {}): Promise<Replayed> {
  const { mode = "redacted", before = set, changes = {}, withoutKey = false, argumentsRefused = false } = how;
  const row = { ...rowOf(input, before.decide(input), mode), ...changes };
  const definitions = {
    find: async (_upstream: string, _tool: string, wanted: string) =>
      wanted === digestOf(input.subject.definition) ? input.subject.definition : undefined,
  };
  const { call: record } = await createRowReader(definitions, withoutKey ? undefined : { seal, digest })(
    row,
    argumentsRefused,
  );
  if (record === undefined) throw new Error("The row was not read.");
  return replayCall(set, record, answers);
}

function denyIf(when: string): PolicySet {
  return policySet(`policies: [{ id: p, when: ${JSON.stringify(when)}, then: { deny: {} } }]`);
}

const answers = createAnswers();

const ALLOW_ALL = policySet("policies: []");

/** `deny`, `allow`, or why it cannot be told. */
async function outcome(when: string, sketch: InputSketch, how: Replaying = {}): Promise<string> {
  const replayed = await replay(denyIf(when), policyInput(sketch), { before: ALLOW_ALL, ...how });
  return replayed.kind === "unknown" ? replayed.because.map(({ why }) => why).join("; ") : replayed.after.effect;
}

describe("arguments that the gateway refuses", () => {
  const inputSchema = { type: "object", properties: { amount: {} }, additionalProperties: false };
  const input = policyInput({ definition: { name: "t", inputSchema }, arguments: { amount: 1, other: 1 } });
  const refuses = { kind: "changed", before: { effect: "allow" }, effect: "refused", policy: undefined };

  it("are refused by policies that look at them now, where they are on record", async () => {
    const set = denyIf("args.amount > 10");
    for (const mode of MODES.filter((it) => it !== "digest")) {
      expect(await replay(set, input, { mode, before: ALLOW_ALL })).toMatchObject(refuses);
      const again = await replay(set, input, { mode, argumentsRefused: true });
      expect(again).toMatchObject({ kind: "same", effect: "refused" });
    }
    expect(await replay(denyIf("args.amount == 1"), input, { before: ALLOW_ALL })).toMatchObject({ effect: "deny" });
  });

  it("are no more where no policy looks at them, and as they were where they are not on record", async () => {
    const before = { effect: "refused", policy: undefined };
    const now = await replay(ALLOW_ALL, input, { argumentsRefused: true });
    expect(now).toMatchObject({ kind: "changed", before, effect: "allow" });
    const digest = await replay(ALLOW_ALL, input, { argumentsRefused: true, mode: "digest" });
    expect(digest).toMatchObject({ kind: "same", effect: "refused" });
  });
});

describe("a recorded call, replayed", () => {
  it("is the same under the same policies, in every mode", async () => {
    const set = policySet(
      'policies: [{ id: p, when: \'"employee" in user.roles && client.ip == "10.0.0.7"\', then: { deny: {} } }]',
    );
    for (const mode of MODES) expect(await replay(set, policyInput(), { mode })).toMatchObject({ kind: "same" });
  });

  it("says what changes, and by which policies", async () => {
    const replayed = await replay(denyIf("true"), policyInput(), { before: ALLOW_ALL });
    expect(replayed).toMatchObject({
      kind: "changed",
      before: { effect: "allow", policy: undefined },
      after: { effect: "deny" },
      policy: "p",
    });
    const back = await replay(ALLOW_ALL, policyInput(), { before: denyIf("true") });
    expect(back).toMatchObject({
      kind: "changed",
      before: { effect: "deny", policy: "p" },
      after: { effect: "allow" },
    });
  });

  it("tells the same effect by other policies apart", async () => {
    const before = policySet("policies: [{ id: old, then: { deny: {} } }]");
    expect(await replay(denyIf("true"), policyInput(), { before })).toMatchObject({ kind: "policies" });
  });

  it("counts a call beyond a rate limit as allowed, then and now", async () => {
    const set = policySet("policies: [{ id: budget, then: { rate_limit: { limit: 1, per: 1h } } }]");
    const changes = { decision: "rate_limit" };
    expect(await replay(set, policyInput(), { changes })).toMatchObject({ kind: "same" });
  });

  it("is not known where somebody would be asked, unless a policy refuses it anyway, or it is asked in shadow", async () => {
    const input = policyInput({});
    const before = policySet("policies: []");
    const asking = (more: string) =>
      policySet(
        `policies: [{ id: ask, then: { authorize: { by: corp } } }, { id: look, then: { guard: { by: dlp } } }${more}]`,
      );
    expect(await replay(asking(""), input, { before })).toEqual({
      kind: "unknown",
      because: [
        { policy: "ask", why: "what corp would say is not known" },
        { policy: "look", why: "what dlp would say is not known" },
      ],
    });
    expect(await replay(asking(", { id: no, then: { deny: {} } }"), input, { before })).toMatchObject({
      kind: "changed",
      effect: "deny",
    });
    const shadow = policySet("policies: [{ id: ask, mode: shadow, then: { authorize: { by: corp } } }]");
    expect((await replay(shadow, input, { before })).kind).toBe("same");
  });

  it("says what a shadow policy would do", async () => {
    const set = policySet(`policies:
      - { id: strict, mode: shadow, when: args.amount > 10.0, then: { deny: {} } }
      - { id: hidden, mode: shadow, when: 'args.note == "x"', then: { request_approval: { flow: finance } } }`);
    const input = policyInput({ arguments: { amount: 12, note: SECRET } });
    expect(await replay(set, input)).toMatchObject({
      kind: "same",
      shadows: [
        { policy: "strict", effect: "deny" },
        { policy: "hidden", effect: undefined },
      ],
    });
  });
});

const LONG = "x".repeat(300);
const FIFTY_TWO = Array.from({ length: 52 }, (_, index) => index);
const MANY = Object.fromEntries(FIFTY_TWO.map((index) => [`k${index}`, index]));

describe("a value that is not on record", () => {
  it.each<[string, JsonObject, string, string]>([
    ["a secret", { password: "hunter22" }, 'args.password == "hunter22"', "args.password is not on record"],
    ["a secret by its form", { note: SECRET }, "args.note.size() > 3", "args.note is not on record"],
    ["a long text", { note: LONG }, 'args.note.contains("y")', "args.note is not on record"],
    ["a long list", { list: FIFTY_TWO }, "size(args.list) > 3", "args.list is not on record"],
    ["an item of a list", { list: ["a", SECRET] }, '"a" in args.list', "args.list[] is not on record"],
    [
      "a member below",
      { o: { list: [{ pin: 5 }] } },
      "args.o.list.exists(i, i.pin > 1.0)",
      "args.o.list[].pin is not on record",
    ],
    [
      "what is deep",
      { a: { b: { c: { d: { e: { f: { g: 1 } } } } } } },
      "args.a.b.c.d.e.f.g == 1.0",
      "args.a.b.c.d.e.f is not on record",
    ],
    ["whether it is there", { note: LONG }, "has(args.note)", "args.note is not on record"],
    ["whether its key is there", { note: LONG }, '"note" in args', "args.note is not on record"],
    ["its type", { note: LONG }, "type(args.note) == string", "args.note is not on record"],
    ["dyn() of it", { note: LONG }, 'dyn(args.note) == "a"', "args.note is not on record"],
    ["itself", { note: LONG }, "args.note == args.note", "args.note is not on record"],
    ["in a list", { note: LONG }, '[dyn("a"), args.note] == [dyn("a"), dyn("b")]', "args.note is not on record"],
    ["in a written list", { note: LONG }, '"b" in [dyn("a"), args.note]', "args.note is not on record"],
    ["in a map", { note: LONG }, '{"a": args.note} == {"a": "b"}', "args.note is not on record"],
    ["in a map that is compared", { o: { note: LONG } }, 'args.o == {"note": "a"}', "args.o.note is not on record"],
    [
      "in a map that another is compared with",
      { o: { note: LONG } },
      '{"note": "a"} == args.o',
      "args.o.note is not on record",
    ],
    [
      "in a map of the call",
      { o: { note: LONG }, u: { note: "a" } },
      "args.u == args.o",
      "args.o.note is not on record",
    ],
    [
      "in a map of the call, the other way",
      { o: { note: LONG }, u: { note: "a" } },
      "args.o == args.u",
      "args.o.note is not on record",
    ],
    [
      "in a map in a list",
      { l: [{ note: LONG }], u: [{ note: "a" }] },
      "args.u == args.l",
      "args.l[].note is not on record",
    ],
    ["a member of a shortened object", { o: MANY }, "args.o.k51 == 51.0", "args.o.k51 is not on record"],
    ["whether a shortened object has it", { o: MANY }, "has(args.o.other)", "args.o.other is not on record"],
    ["whether a shortened object has that key", { o: MANY }, '"other" in args.o', "args.o.other is not on record"],
    [
      "how many are in a shortened object",
      { o: MANY },
      "size(args.o) == 52",
      "what else is in args.o is not on record",
    ],
    ["all of a shortened object", { o: MANY }, 'args.o.all(k, k != "a")', "what else is in args.o is not on record"],
    ["a shortened object that is compared", { o: MANY }, "args.o == {}", "what else is in args.o is not on record"],
    ["a key that was hidden", { o: { "token=abcdefgh": 1 } }, "has(args.o.a)", "args.o.a is not on record"],
    ["an odd name", { "a b": LONG }, 'args["a b"] == "x"', "args[…] is not on record"],
    ["an earlier failure", { note: LONG }, 'args.note == "a" || args.missing == 1.0', "args.note is not on record"],
  ])("leaves it open: %s", async (_, args, when, why) => {
    expect(await outcome(when, { arguments: args })).toBe(why);
  });

  it.each<[string, JsonObject, string, "deny" | "allow"]>([
    ["false && …", { note: LONG, n: 1 }, 'args.n > 2.0 && args.note == "a"', "allow"],
    ["… && false", { note: LONG, n: 1 }, 'args.note == "a" && args.n > 2.0', "allow"],
    ["… || true", { note: LONG, n: 3 }, 'args.note == "a" || args.n > 2.0', "deny"],
    ["another choice", { note: LONG, n: 1 }, 'args.n > 2.0 ? args.note == "a" : true', "deny"],
    ["another item", { l: [{ pin: 5, n: 3 }] }, "args.l.exists(i, i.pin > 1.0 || i.n > 2.0)", "deny"],
    ["another member of a shortened object", { o: MANY }, "args.o.k3 == 3.0", "deny"],
    ["another member", { note: LONG, n: 3 }, "args.n > 2.0 && size(args) == 2", "deny"],
    ["how many there are", { l: [{ pin: 5 }] }, "size(args.l) == 1", "deny"],
    ["all keys", { note: LONG, n: 3 }, 'args.all(k, k in ["n", "note"])', "deny"],
    ["a yes or no under a name of a secret", { token: true }, "args.token", "deny"],
    ["a failure of its own", { n: 3 }, "args.missing == 1.0", "deny"],
  ])("does not matter where the condition does not depend on it: %s", async (_, args, when, effect) => {
    expect(await outcome(when, { arguments: args })).toBe(effect);
  });

  it("does not matter where a stronger policy decides anyway", async () => {
    const set = policySet(`policies:
      - { id: sure, when: args.n > 2.0, then: { deny: {} } }
      - { id: open, when: 'args.note == "a"', then: { step_up: { acr: [mfa] } } }`);
    const replayed = await replay(set, policyInput({ arguments: { n: 3, note: LONG } }));
    expect(replayed).toMatchObject({ kind: "same", after: { effect: "deny", policy: "sure" } });
  });

  it("is not what a change is put down to", async () => {
    const set = policySet(`policies:
      - { id: open, when: 'args.note == "a"', then: { deny: {} } }
      - { id: sure, then: { deny: {} } }`);
    const replayed = await replay(set, policyInput({ arguments: { note: LONG } }), { before: ALLOW_ALL });
    expect(replayed).toMatchObject({ kind: "changed", policy: "sure" });
  });

  it("matters for an allow that a call needs", async () => {
    const set = policySet(
      `policies: [{ id: yes, when: 'args.note == "a" || args.missing == 1.0', then: { allow: {} } }]`,
      "deny",
    );
    const replayed = await replay(set, policyInput({ arguments: { note: LONG } }));
    expect(replayed).toEqual({ kind: "unknown", because: [{ policy: "yes", why: "args.note is not on record" }] });
  });

  it("matters for the key and the cost of a limit", async () => {
    const set = policySet("policies: [{ id: budget, then: { rate_limit: { limit: 5, per: 1h, key: args.note } } }]");
    expect(await replay(set, policyInput({ arguments: { note: LONG } }))).toMatchObject({ kind: "unknown" });
  });

  it.each<[string, InputSketch, Replaying, string, string]>([
    ["arguments in mode digest", { arguments: { n: 1 } }, { mode: "digest" }, "args.n > 0.0", "args is not on record"],
    ["claims in mode full", {}, { mode: "full" }, 'user.claims.department == "x"', "user.claims is not on record"],
    ["headers in mode redacted", {}, {}, '"x" in request.headers', "request.headers is not on record"],
    [
      "claims without the key",
      {},
      { mode: "sealed", withoutKey: true },
      "has(user.claims.a)",
      "user.claims is not on record",
    ],
    ["roles of an old row", {}, { changes: { facts: null } }, '"a" in user.roles', "user is not on record"],
    [
      "a client whose name has a slash",
      { client: { name: "@acme/agent" } },
      {},
      'client.name == "@acme"',
      "where the client's name ends is not on record",
    ],
    [
      "a client whose name is nothing but slashes",
      { client: { name: "/".repeat(20) } },
      {},
      'client.name == "a"',
      "client.name is not on record",
    ],
    [
      "a long user agent",
      { client: { userAgent: LONG } },
      {},
      'client.user_agent == ""',
      "client.user_agent is not on record",
    ],
    ["a long role", { principal: { roles: [LONG] } }, {}, '"a" in user.roles', "user.roles is not on record"],
    [
      "metadata of a key",
      { principal: { issuer: "portcullis:keys", claims: {} } },
      { mode: "digest" },
      "size(user.claims) == 0",
      "user.claims is not on record",
    ],
    [
      "a definition that is gone",
      {},
      { changes: { definitionDigest: null } },
      'tool.title == "a"',
      "the tool's definition is not on record",
    ],
  ])("can be %s", async (_, sketch, how, when, why) => {
    expect(await outcome(when, sketch, how)).toBe(why);
  });

  it.each<[string, InputSketch, ArgumentsMode, string]>([
    [
      "claims and headers of mode sealed",
      { request: { headers: { a: "b" } } },
      "sealed",
      'user.claims.department == "sales" && request.headers.a == "b"',
    ],
    ["a secret of mode sealed", { arguments: { password: "hunter22" } }, "sealed", 'args.password == "hunter22"'],
    ["a secret of mode full", { arguments: { password: "hunter22" } }, "full", 'args.password == "hunter22"'],
    [
      "claims of who comes without a credential",
      { principal: { issuer: "portcullis:anonymous", claims: {} } },
      "digest",
      "size(user.claims) == 0",
    ],
  ])("is not %s", async (_, sketch, mode, when) => {
    expect(await outcome(when, sketch, { mode })).toBe("deny");
  });

  it("decides on targets too: the call as a whole is open", async () => {
    const set = policySet("policies: [{ id: p, target: { clients: [cursor] }, then: { deny: {} } }]");
    const replayed = await replay(set, policyInput({ client: { name: LONG } }));
    expect(replayed).toEqual({
      kind: "unknown",
      because: [{ policy: undefined, why: "client.name is not on record" }],
    });
  });

  it("does not matter where the name of a client has a slash and decides nothing", async () => {
    const set = policySet("policies: [{ id: p, target: { clients: ['@acme/*'] }, then: { deny: {} } }]");
    expect(await replay(set, policyInput({ client: { name: "cursor/x/y" } }))).toMatchObject({ kind: "same" });
    expect(await outcome('client.ip == "10.0.0.7"', { client: { name: "@acme/agent" } })).toBe("deny");
  });

  it("is not taken from a row whose arguments were changed afterwards", async () => {
    const changes = { argumentsFull: '{"n":9}' };
    const replayed = await replay(denyIf("args.n > 2.0"), policyInput({ arguments: { n: 1 } }), {
      mode: "full",
      changes,
    });
    expect(replayed).toMatchObject({ kind: "unknown", because: [{ why: "args is not on record" }] });
  });
});

const odd = fc.constantFrom<Json>(
  SECRET,
  LONG,
  "[redacted]",
  "[object]",
  "[list of 3]",
  "[2 more]",
  -0,
  true,
  null,
  FIFTY_TWO,
  [SECRET, "a"],
  ["a", "b", "[2 more]"],
  MANY,
  Object.fromEntries(Array.from({ length: 1100 }, (_, index) => [`k${index}`, index])),
  { x: 1, s: SECRET, b: true },
  { "token=abcdefgh": 1, x: 2 },
  { "[more]": 5, s: "a" },
  [{ x: 3, s: LONG }, { x: 1 }],
  { o: { o: { o: { o: { o: { o: {} } } } } } },
);
const KEY = fc.constantFrom("n", "s", "t", "l", "o", "os", "ns", "password");
const oddArgs: fc.Arbitrary<JsonObject> = fc
  .tuple(randomArgs, fc.dictionary(KEY, odd))
  .map(([args, changes]) => ({ ...args, ...changes }));

const pointed = fc.constantFrom(
  "args.o == args.os[0]",
  "args.o in args.os",
  "size(args.o) > 2",
  "args.o.all(k, k != 's')",
  "args.o.k3 == 3.0",
  "args.o.k3 == 4.0",
  "args.s.startsWith('AKIA')",
  "args.s.size() > 15",
  "args.map(k, k)[0] == 'b'",
  "args.o.map(k, args.o[k]) == [dyn(1.0)]",
  "has(args.o.s) && args.o.s != 'a'",
  "1.0 / args.n > 0.0",
  "args.password == 'x' || args.missing",
  "user.claims.department == 'sales'",
  "has(request.headers.a)",
  "client.name == 'claude-code' || args.b",
  "user.roles.exists(r, r == args.s)",
);
const oddPolicy = (condition: fc.Arbitrary<string>) =>
  fc.record({
    when: condition,
    effect: fc.constantFrom(
      "deny: {}",
      "step_up: { acr: [mfa] }",
      "request_approval: { flow: finance }",
      "allow: {}",
      "rate_limit: { limit: 5, per: 1h, key: args.s, cost: args.n }",
    ),
    mode: fc.constantFrom("enforce", "enforce", "shadow"),
    target: fc.constantFrom(
      "{}",
      "{ clients: ['claude-*'] }",
      "{ roles: [cfo] }",
      "{ annotations: { readOnlyHint: true } }",
    ),
  });

describe("a replay of random calls under random policies", () => {
  it.each<[string, fc.Arbitrary<string>, fc.Arbitrary<JsonObject>, readonly ArgumentsMode[], number]>([
    ["usual calls, in every mode", fc.oneof(pointed, randomCondition), oddArgs, MODES, 500],
    ["calls that lose much, in mode redacted", pointed, fc.dictionary(KEY, odd), ["redacted"], 1500],
  ])(
    "is the very decision that the whole call gets, or cannot be told: %s",
    async (...given) => {
      const [, condition, args, modes, numRuns] = given;
      let told = 0;
      let open = 0;
      const run = fc.asyncProperty(
        fc.array(oddPolicy(condition), { minLength: 1, maxLength: 3 }),
        fc.constantFrom("allow", "deny"),
        fc.constantFrom(...modes),
        args,
        randomRoles,
        fc.constantFrom("claude-code", "@acme/agent"),
        fc.boolean(),
        async (policies, fallback, mode, sent, roles, name, typed) => {
          const set = compiled(policies, fallback);
          fc.pre(set !== undefined);
          const properties = typed ? { n: { type: "integer" }, o: { properties: { k3: { type: "integer" } } } } : {};
          const definition = { name: "create_expense", inputSchema: { type: "object", properties } };
          const input = policyInput({ arguments: sent, principal: { roles }, client: { name }, definition });
          const whole = set.decide(input);
          const wanted = set.wantsAllowOf("", "expenses");
          const replayed = await replay(set, input, { mode });
          if (replayed.kind === "unknown") {
            open++;
            expect(replayed.because).not.toEqual([]);
            return;
          }
          told++;
          expect(replayed.kind).toBe("same");
          expect(replayed.after.effect).toBe(whole.effect);
          expect(effectOf(whole.matched, wanted)).toBe(whole.effect);
          for (const { policy, effect } of replayed.shadows) {
            const enforced = whole.unapplied?.filter((match) => match.policy === policy) ?? [];
            if (effect !== undefined) expect(effect).toBe(effectOf([...whole.matched, ...enforced], wanted));
          }
          if (mode === "sealed" || mode === "full") {
            const read = policies.some(({ when }) => /claims|headers|client/.test(when));
            if (!read && name === "claude-code") expect(replayed.after).toEqual(whole);
          }
        },
      );
      await fc.assert(run, { numRuns });
      expect(told).toBeGreaterThan(open / 4);
      expect(open).toBeGreaterThan(told / 20);
    },
    60_000,
  );
});

interface OddPolicy {
  readonly when: string;
  readonly effect: string;
  readonly mode: string;
  readonly target: string;
}

// Not every random condition compiles.
describe("a call whose arguments policies wrote", () => {
  const caps = (at: number) => `policies:
  - { id: cap, when: "has(args.n)", then: { transform: { arguments: { set: { n: "args.n + ${at}.0" } } } } }
  - { id: much, when: args.n > 15, then: { deny: {} } }`;
  const input = policyInput({ arguments: { n: 10 } });
  const [set, more] = [policySet(caps(1)), policySet(caps(9))];
  const answer = createAnswers().of(set, input);
  const read = createRowReader({ find: async () => input.subject.definition }, { seal, digest });
  const replayed = async (mode: ArgumentsMode, by: PolicySet, changes: Partial<StoredAuditRow> = {}) => {
    const row = rowOf(sentBy(answer, input), answer.decision, mode, input);
    const { call } = await read({ ...row, ...changes }, false);
    if (call === undefined) throw new Error("There is no call.");
    return replayCall(by, call, createAnswers());
  };

  it("is decided on what came, where that is on record", async () => {
    expect(await replayed("sealed", set)).toMatchObject({ kind: "same", effect: "allow" });
    expect(await replayed("sealed", more)).toMatchObject({ kind: "changed", effect: "deny" });
  });

  it.each(["redacted", "full"] as const)(
    "is decided on what went out with %s arguments, and written no more",
    async (mode) => {
      expect(await replayed(mode, set)).toMatchObject({ kind: "same", effect: "allow" });
      expect(await replayed(mode, more)).toMatchObject({ kind: "same", effect: "allow" });
      expect(
        await replayed(mode, policySet("policies: [{ id: d, when: args.n == 11, then: { deny: {} } }]")),
      ).toMatchObject({
        ...{ kind: "changed", effect: "deny" },
      });
    },
  );

  it("is decided on what people approved, where it was run with that", async () => {
    expect(await replayed("full", more, { approval: "apr_1" })).toMatchObject({ kind: "same", effect: "allow" });
  });

  it("of which the arguments are lost is unknown to policies that would write them", async () => {
    const plain = rowOf(input, policySet("policies: []").decide(input), "digest");
    const { call } = await read(plain, false);
    if (call === undefined) throw new Error("There is no call.");
    expect(replayCall(set, call, createAnswers())).toMatchObject({ kind: "unknown" });
  });
});

function compiled(policies: readonly OddPolicy[], fallback: "allow" | "deny"): PolicySet | undefined {
  const entries = policies.map(
    ({ when, effect, mode, target }, index) =>
      `  - { id: p${index}, mode: ${mode}, target: ${target}, when: ${JSON.stringify(when)}, then: { ${effect} } }`,
  );
  try {
    return policySet(`policies:\n${entries.join("\n")}`, fallback);
  } catch {
    return undefined;
  }
}
