import { describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { PointAnswer } from "../../src/decision-points/decision-points.ts";
import { toolSubject } from "../../src/gateway/requests/subject.ts";
import { createQuestions } from "../../src/gateway/steps/questions.ts";
import type { GuardAnswer } from "../../src/guards/guards.ts";
import { createAnswers } from "../../src/policy/answer.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";

const PASS: GuardAnswer = { kind: "pass", labels: [] };
const NO: GuardAnswer = { kind: "deny", message: "names in it", labels: ["pii"] };
const LOST: GuardAnswer = { kind: "error", error: "It did not answer in 2 s." };
const instead = (content: JsonObject): GuardAnswer => ({ kind: "replace", content, labels: [] });

interface Outside {
  readonly points?: Readonly<Record<string, PointAnswer>>;
  readonly guards?: Readonly<Record<string, (content: JsonObject) => GuardAnswer>>;
  /** Whether it is the run of what was approved. */
  readonly isRun?: boolean;
}

/** Decides one call of `up/pay` with `{ v: "1" }`, asks whoever is to be asked, and tells who was, and about what. */
async function ask(policies: string, { points = {}, guards = {}, isRun = false }: Outside) {
  const asked: [string, JsonObject][] = [];
  const answers = createAnswers();
  const questions = createQuestions({
    answers,
    decisionPoints: {
      async ask(name, input) {
        asked.push([name, input.arguments]);
        return points[name] ?? { kind: "error", error: "unknown" };
      },
    },
    guards: {
      async check(name, _phase, _input, content) {
        asked.push([name, content]);
        return guards[name]?.(content) ?? LOST;
      },
    },
  });
  const set = policySet(`policies:\n${policies}`);
  const definition = { name: "pay", inputSchema: { type: "object" } };
  const entry = { upstream: "up", place: "", name: "pay", definition, digest: "d", paramHeaders: [] };
  const subject = toolSubject(entry as unknown as Parameters<typeof toolSubject>[0], { v: "1" });
  const input = { ...policyInput({}), subject, arguments: subject.arguments };
  const { decision, refusal: misfit, transformed } = answers.of(set, input);
  const first = { asked: subject, subject, set, input, decision, misfit, transformed, signIn: undefined };
  const end = await questions.answered(first, { cancellation: new Cancellation(), goesOnWith: () => !isRun });
  return { ...end, asked };
}

const CORP = "  - { id: ask-corp, then: { authorize: { by: corp } } }";
const DLP = "  - { id: look, then: { guard: { by: dlp, phases: [request] } } }";

describe("a request that a decision point is asked about", () => {
  it.each<[answer: PointAnswer, effect: string]>([
    [{ kind: "allow" }, "allow"],
    [{ kind: "deny", reason: "over budget" }, "deny"],
    [{ kind: "deny", reason: undefined }, "deny"],
    [{ kind: "error", error: "It did not answer in 1 s." }, "deny"],
  ])("goes on only if it says yes: %j", async (answer, effect) => {
    const { decision } = await ask(CORP, { points: { corp: answer } });
    expect(decision.effect).toBe(effect);
    expect(decision.matched[0]?.said).toMatchObject({ by: "corp", answer: answer.kind });
    expect(decision.limits).toBeUndefined();
  });

  it("is not asked about where a policy refuses it anyway", async () => {
    const { asked, decision } = await ask(`${CORP}\n  - { id: no, then: { deny: {} } }`, {});
    expect(asked).toEqual([]);
    expect(decision.effect).toBe("deny");
  });

  it("is refused by the first no in file order, with all answers on record", async () => {
    const policies = `${CORP}\n  - { id: ask-edge, then: { authorize: { by: edge } } }`;
    const { decision } = await ask(policies, {
      points: { corp: { kind: "allow" }, edge: { kind: "deny", reason: "no" } },
    });
    expect(decision).toMatchObject({ effect: "deny", policy: "ask-edge" });
    expect(decision.matched.map(({ said }) => said?.answer)).toEqual(["allow", "deny"]);
  });

  it("tells the agent the reason only where the policy says so", async () => {
    const points = { corp: { kind: "deny", reason: "over budget" } } as const;
    const silent = await ask(CORP, { points });
    expect(JSON.stringify({ ...silent.decision, matched: [] })).not.toContain("over budget");
    const open = await ask("  - { id: p, then: { authorize: { by: corp, show_reason: true, message: No. } } }", {
      points,
    });
    expect(open.decision).toMatchObject({ message: "No. (over budget)" });
  });

  it("is only on record in shadow", async () => {
    const policies = "  - { id: p, mode: shadow, then: { authorize: { by: corp } } }";
    const { decision } = await ask(policies, { points: { corp: { kind: "deny", reason: "no" } } });
    expect(decision).toMatchObject({
      effect: "allow",
      matched: [],
      unapplied: [{ mode: "shadow", said: { answer: "deny" } }],
    });
  });

  it("keeps what else is wanted of it", async () => {
    const policies = `${CORP}\n  - { id: people, then: { request_approval: { flow: finance } } }`;
    const { decision } = await ask(policies, { points: { corp: { kind: "allow" } } });
    expect(decision).toMatchObject({ effect: "request_approval", approvals: [{ flow: "finance" }] });
  });
});

describe("a request that a guard sees", () => {
  it.each<[answer: GuardAnswer, effect: string]>([
    [PASS, "allow"],
    [NO, "deny"],
    [LOST, "deny"],
    [instead({ v: "2" }), "allow"],
  ])("goes on unless it is refused, or nothing can be understood: %j", async (answer, effect) => {
    const { decision } = await ask(DLP, { guards: { dlp: () => answer } });
    expect(decision.effect).toBe(effect);
    expect(decision.matched[0]?.said?.answer).toBe(answer.kind);
  });

  it("is decided anew with what was put in place of it, and a policy denies that", async () => {
    const policies = `${DLP}\n  - { id: no-twos, when: args.v == "2", then: { deny: {} } }`;
    const { decision, subject, asked } = await ask(policies, { guards: { dlp: () => instead({ v: "2" }) } });
    expect(subject.arguments).toEqual({ v: "2" });
    expect(decision).toMatchObject({ effect: "deny", policy: "no-twos" });
    expect(decision.matched.find(({ policy }) => policy === "look")?.said?.answer).toBe("replace");
    expect(asked).toEqual([["dlp", { v: "1" }]]);
  });

  it("asks decision points again about what was put in place, and guards that are new to it", async () => {
    const policies = `${CORP}\n${DLP}\n  - { id: twos, when: args.v == "2", then: { guard: { by: other, phases: [request] } } }`;
    const guards = { dlp: () => instead({ v: "2" }), other: () => PASS };
    const { asked, decision } = await ask(policies, { points: { corp: { kind: "allow" } }, guards });
    expect(asked).toEqual([
      ["corp", { v: "1" }],
      ["dlp", { v: "1" }],
      ["corp", { v: "2" }],
      ["other", { v: "2" }],
    ]);
    expect(decision.effect).toBe("allow");
  });

  it("is refused where what was put in place is replaced once more", async () => {
    const policies = `${DLP}\n  - { id: twos, when: args.v == "2", then: { guard: { by: other, phases: [request] } } }`;
    const guards = { dlp: () => instead({ v: "2" }), other: () => instead({ v: "3" }) };
    expect((await ask(policies, { guards })).decision).toMatchObject({ effect: "deny", policy: "twos" });
  });

  it("is seen by each as those before have made it", async () => {
    const policies = `${DLP}\n  - { id: second, then: { guard: { by: other, phases: [request] } } }`;
    const guards = { dlp: () => instead({ v: "2" }), other: ({ v }: JsonObject) => instead({ v: `${v}3` }) };
    const { subject, decision } = await ask(policies, { guards });
    expect(subject.arguments).toEqual({ v: "23" });
    expect(decision.effect).toBe("allow");
  });

  it("that people have approved is not run with anything else; the same again is nothing else", async () => {
    const other = await ask(DLP, { guards: { dlp: () => instead({ v: "2" }) }, isRun: true });
    expect(other.decision).toMatchObject({ effect: "deny", policy: "look" });
    const same = await ask(DLP, { guards: { dlp: () => instead({ v: "1" }) }, isRun: true });
    expect(same.decision.effect).toBe("allow");
  });

  it("is not replaced in shadow", async () => {
    const policies = "  - { id: p, mode: shadow, then: { guard: { by: dlp } } }";
    const { decision, subject } = await ask(policies, { guards: { dlp: () => instead({ v: "2" }) } });
    expect(subject.arguments).toEqual({ v: "1" });
    expect(decision).toMatchObject({ effect: "allow", unapplied: [{ said: { answer: "replace" } }] });
  });

  it("is refused for names that two readers read differently, where a guard has put them there", async () => {
    const { decision, misfit } = await ask(DLP, { guards: { dlp: () => instead({ ﬀ: "1", ff: "2" }) } });
    expect(decision.effect === "deny" || misfit?.code === "KEYS_AMBIGUOUS").toBe(true);
  });
});
