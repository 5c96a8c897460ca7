import { describe, expect, it } from "vitest";
import { POSSIBLE, takeStep } from "../../src/approvals/rules/machine.ts";
import type { ApprovalStep } from "../../src/approvals/rules/step.ts";
import { APPROVAL_STATES, type ApprovalState } from "../../src/core/approval.ts";
import type { Principal } from "../../src/core/principal.ts";
import type { ApprovalRecord, StoredApproval } from "../../src/store/approvals/approvals.ts";
import { ann, bob, carl, HOUR, MINUTE, person, requester } from "../support/approval-parts.ts";
import { aRecord, aStage, snapshot, voice } from "../support/approval-records.ts";
import { START, testPersons } from "../support/approval-service.ts";

const persons = testPersons();
const take = (...[stored, step, now]: [StoredApproval, ApprovalStep, number]) => takeStep(stored, step, now, persons);

const NOW = START + MINUTE;

/** A request in this state, as far along as one can be. */
function inState(state: ApprovalState, changes: Partial<ApprovalRecord> = {}): StoredApproval {
  const executes = ["executing", "succeeded", "failed", "indeterminate"].includes(state);
  return {
    record: aRecord({
      state,
      executeUntil: state === "pending" ? undefined : START + HOUR,
      executionId: executes ? "run-1" : undefined,
      executionOwner: state === "executing" ? "process-1" : undefined,
      leaseUntil: state === "executing" ? NOW : undefined,
      runs: executes ? 1 : 0,
      ...changes,
    }),
    decisions: [],
  };
}

function vote(act: "approve" | "reject", approver: Principal, changes: object = {}): ApprovalStep {
  const seen = { version: 1, argumentsDigest: aRecord().argumentsDigest, channel: "api", ip: undefined };
  return { act, approver, reason: act === "reject" ? "No." : undefined, ...seen, ...changes };
}

/** A step of each kind that nothing but the state can stand in the way of, at this time. */
const STEPS: Record<ApprovalStep["act"], readonly [ApprovalStep, at: number]> = {
  approve: [vote("approve", ann), NOW],
  reject: [vote("reject", ann), NOW],
  expire: [{ act: "expire" }, START + 100 * HOUR],
  escalate: [{ act: "escalate" }, START + 2 * HOUR],
  remind: [{ act: "remind" }, START + 18 * HOUR],
  cancel: [{ act: "cancel", by: requester }, NOW],
  invalidate: [{ act: "invalidate", reason: "The policy has changed." }, NOW],
  claim: [{ act: "claim", version: 1, executionId: "run-2", owner: "process-1", leaseUntil: NOW + MINUTE }, NOW],
  succeed: [{ act: "succeed", executionId: "run-1", isError: false }, NOW],
  fail: [{ act: "fail", executionId: "run-1", isError: true }, NOW],
  lose: [{ act: "lose", executionId: undefined, why: "It is gone." }, NOW],
  resolve: [{ act: "resolve", by: ann, outcome: "succeeded", reason: "The bank says so." }, NOW],
  deliver: [{ act: "deliver" }, NOW],
};

/** Where each step leads. What is not here leads nowhere. */
const LEADS: Partial<Record<ApprovalState, Partial<Record<ApprovalStep["act"], ApprovalState>>>> = {
  pending: {
    approve: "approved",
    reject: "rejected",
    expire: "expired",
    escalate: "pending",
    remind: "pending",
    cancel: "cancelled",
    invalidate: "invalidated",
  },
  approved: { expire: "expired", cancel: "cancelled", invalidate: "invalidated", claim: "executing" },
  executing: { succeed: "succeeded", fail: "failed", lose: "indeterminate" },
  indeterminate: { succeed: "succeeded", fail: "failed", resolve: "succeeded" },
  succeeded: { deliver: "succeeded" },
  failed: { deliver: "failed" },
  rejected: { deliver: "rejected" },
  expired: { deliver: "expired" },
  cancelled: { deliver: "cancelled" },
  invalidated: { deliver: "invalidated" },
};

const acts = Object.keys(STEPS) as ApprovalStep["act"][];
const table = APPROVAL_STATES.flatMap((state) => acts.map((act) => ({ state, act, to: LEADS[state]?.[act] })));

describe("in every state every act leads where it should, or nowhere", () => {
  it.each(table)("$state, $act: $to", ({ state, act, to }) => {
    const [step, at] = STEPS[act];
    const stored = inState(state);
    const taken = take(stored, step, at);
    if (to === undefined) {
      expect(taken).toMatchObject({ ok: false, code: "APPROVAL_CLOSED" });
      return;
    }
    expect(taken).toMatchObject({ ok: true, record: { state: to }, event: { act, from: state, to, at } });
    if (!taken.ok) throw new Error("Refused.");
    // What nobody decides by makes no new version.
    const same = ["escalate", "remind", "deliver"].includes(act);
    expect(taken.record.version).toBe(same ? 1 : 2);
    expect(POSSIBLE[act]).toContain(state);
  });
});

describe("a voice", () => {
  const pending = (changes: Partial<ApprovalRecord> = {}) => inState("pending", changes);
  const cases: readonly [string, string, StoredApproval, ApprovalStep, number?][] = [
    ["the requester's own", "APPROVAL_OWN", pending(), vote("approve", { ...requester, roles: ["finance-lead"] })],
    [
      "of the requester by another credential with the same e-mail address",
      "APPROVAL_OWN",
      pending(),
      vote("approve", person("key-7", { issuer: "portcullis:keys", email: "RITA@acme.com", roles: ["finance-lead"] })),
    ],
    [
      "of the requester by another credential whose subject is that e-mail address",
      "APPROVAL_OWN",
      pending(),
      vote(
        "approve",
        person("Rita@acme.com", { issuer: "portcullis:keys", email: "r@acme.com", roles: ["finance-lead"] }),
      ),
    ],
    [
      "of the requester whose subject is the e-mail address of another credential",
      "APPROVAL_OWN",
      pending({ subject: "RITA@acme.com", email: undefined }),
      vote("approve", person("key-7", { issuer: "portcullis:keys", email: "rita@acme.com", roles: ["finance-lead"] })),
    ],
    ["the requester's own no", "APPROVAL_OWN", pending(), vote("reject", { ...requester, roles: ["finance-lead"] })],
    ["of somebody without the role", "APPROVAL_NOT_ELIGIBLE", pending(), vote("approve", person("zoe"))],
    ["of the escalation before its time", "APPROVAL_NOT_ELIGIBLE", pending(), vote("approve", carl)],
    ["of a machine", "APPROVAL_NOT_ELIGIBLE", pending(), vote("approve", { ...ann, kind: "machine" })],
    ["of nobody known", "APPROVAL_NOT_ELIGIBLE", pending(), vote("approve", { ...ann, kind: "anonymous" })],
    ["on a version that is past", "APPROVAL_CONFLICT", pending({ version: 2 }), vote("approve", ann)],
    ["on other arguments", "APPROVAL_DIGEST_MISMATCH", pending(), vote("approve", ann, { argumentsDigest: "f" })],
    ["no without a reason", "APPROVAL_REASON_REQUIRED", pending(), vote("reject", ann, { reason: undefined })],
    ["after the time", "APPROVAL_CLOSED", pending(), vote("approve", ann), START + 24 * HOUR],
  ];
  it.each(cases)("%s is refused: %s", (_what, code, stored, step, at = NOW) => {
    expect(take(stored, step, at)).toMatchObject({ ok: false, code });
  });

  it("is one for each person, in all stages, also by another credential", () => {
    const stages = [aStage("finance-lead", 2), aStage("cfo")];
    const stored = { record: aRecord({ snapshot: snapshot({ stages }) }), decisions: [voice(ann, 0)] };
    expect(take(stored, vote("approve", ann), NOW)).toMatchObject({ code: "APPROVAL_TWICE" });
    const byKey = person("key-1", { issuer: "portcullis:keys", email: "Ann@acme.com", roles: ["finance-lead"] });
    expect(take(stored, vote("approve", byKey), NOW)).toMatchObject({ code: "APPROVAL_TWICE" });
    const bySubject = person("ANN@acme.com", { email: undefined, roles: ["finance-lead"] });
    expect(take(stored, vote("approve", bySubject), NOW)).toMatchObject({ code: "APPROVAL_TWICE" });
    const later = { record: { ...stored.record, stage: 1 }, decisions: stored.decisions };
    expect(take(later, vote("approve", { ...ann, roles: ["cfo"] }), NOW)).toMatchObject({ code: "APPROVAL_TWICE" });
  });

  it("of the escalation counts from its time on, and those before may still decide", () => {
    for (const who of [carl, ann]) {
      expect(take(pending(), vote("approve", who), START + 2 * HOUR)).toMatchObject({ ok: true });
    }
  });

  it("of the requester counts where the flow says so, if they may approve at all", () => {
    const allowed = pending({ snapshot: snapshot({ requesterMayApprove: true }) });
    const lead = { ...requester, roles: ["finance-lead"] };
    expect(take(allowed, vote("approve", lead), NOW)).toMatchObject({ ok: true });
    expect(take(allowed, vote("approve", requester), NOW)).toMatchObject({ code: "APPROVAL_NOT_ELIGIBLE" });
  });

  it.each([
    ["never", "approve", true],
    ["never", "reject", true],
    ["on_reject", "approve", true],
    ["on_reject", "reject", false],
    ["always", "approve", false],
    ["always", "reject", false],
  ] as const)("where a reason is asked for %s, %s without one: %s", (reason, act, ok) => {
    const stored = pending({ snapshot: snapshot({ reason }) });
    expect(take(stored, vote(act, ann, { reason: undefined }), NOW).ok).toBe(ok);
  });
});

describe("stages", () => {
  const stages = [aStage("finance-lead", 2), aStage("cfo")];
  const first = aRecord({ snapshot: snapshot({ stages }) });

  it("need as many voices as they say, then it is the next one's turn, then it is approved", () => {
    const one = take({ record: first, decisions: [] }, vote("approve", ann), NOW);
    expect(one).toMatchObject({ record: { state: "pending", stage: 0, version: 2 }, notify: undefined });
    const second = { record: { ...first, version: 2 }, decisions: [voice(ann, 0)] };
    const two = take(second, vote("approve", bob, { version: 2 }), NOW);
    expect(two).toMatchObject({
      record: { state: "pending", stage: 1, stageSince: NOW, version: 3 },
      notify: { kind: "approval.requested", to: "stage" },
    });
    const third = { record: { ...first, version: 3, stage: 1 }, decisions: [voice(ann, 0), voice(bob, 0)] };
    expect(take(third, vote("approve", carl, { version: 3 }), NOW)).toMatchObject({
      record: { state: "approved", decidedAt: NOW, executeUntil: NOW + HOUR },
      notify: { kind: "approval.decided", to: "all" },
    });
  });

  it("end with one no, whatever was said before", () => {
    const stored = { record: { ...first, version: 2 }, decisions: [voice(ann, 0)] };
    expect(take(stored, vote("reject", bob, { version: 2 }), NOW)).toMatchObject({
      record: { state: "rejected", endedAt: NOW },
    });
  });
});

describe("a claim", () => {
  it.each<[string, Partial<ApprovalRecord>, number]>([
    ["after the time", {}, START + HOUR],
    ["of another version", { version: 2 }, NOW],
  ])("%s is refused", (_what, changes, at) => {
    expect(take(inState("approved", changes), STEPS.claim[0], at)).toMatchObject({ code: "APPROVAL_CONFLICT" });
  });

  it("that was lost and replaced has no say in how it ends", () => {
    const other = { act: "succeed", executionId: "run-0", isError: false } as const;
    for (const state of ["executing", "indeterminate"] as const) {
      expect(take(inState(state), other, NOW)).toMatchObject({ code: "APPROVAL_CONFLICT" });
    }
  });

  it("is not lost while its process gives signs of life", () => {
    expect(take(inState("executing", { leaseUntil: NOW + 1 }), STEPS.lose[0], NOW)).toMatchObject({ ok: false });
  });

  it("whose process does not know how it ended is indeterminate at once, idempotent or not", () => {
    const stored = inState("executing", { leaseUntil: NOW + MINUTE, idempotent: true });
    const step = { act: "lose", executionId: "run-1", why: "The connection broke." } as const;
    expect(take(stored, step, NOW)).toMatchObject({ ok: true, record: { state: "indeterminate" } });
  });

  it.each<[string, Partial<ApprovalRecord>, ApprovalState]>([
    ["may run again if the operator marked the tool so", { idempotent: true }, "approved"],
    ["but not for ever", { idempotent: true, runs: 3 }, "indeterminate"],
    ["and not after its time", { idempotent: true, executeUntil: NOW }, "indeterminate"],
    ["and not otherwise", {}, "indeterminate"],
  ])("whose process died %s", (_what, changes, state) => {
    expect(take(inState("executing", changes), STEPS.lose[0], NOW)).toMatchObject({ ok: true, record: { state } });
  });
});

it("only the requester takes a request back; to others it is unknown, in every state", () => {
  for (const state of APPROVAL_STATES) {
    for (const by of [ann, person("rita", { issuer: "https://other.example" })]) {
      expect(take(inState(state), { act: "cancel", by }, NOW)).toEqual({ ok: false, code: "APPROVAL_UNKNOWN" });
    }
  }
});

it("an administrator says why", () => {
  const step = { act: "resolve", by: ann, outcome: "failed", reason: "" } as const;
  expect(take(inState("indeterminate"), step, NOW)).toMatchObject({ code: "APPROVAL_REASON_REQUIRED" });
});

it.each(["escalate", "remind", "expire"] as const)("%s is not before its time, and not twice", (act) => {
  const stored = inState("pending");
  expect(take(stored, { act }, NOW)).toMatchObject({ ok: false });
  const [step, at] = STEPS[act];
  const taken = take(stored, step, at);
  if (!taken.ok) throw new Error("Refused.");
  expect(take({ ...stored, record: taken.record }, step, at)).toMatchObject({ ok: false });
});
