import fc from "fast-check";
import { expect, it } from "vitest";
import { dueAct, dueAt } from "../../src/approvals/rules/due.ts";
import { MAX_RUNS, takeStep } from "../../src/approvals/rules/machine.ts";
import { type ApprovalStep, isEnded } from "../../src/approvals/rules/step.ts";
import { isOpen } from "../../src/core/approval.ts";
import type { StoredApproval } from "../../src/store/approvals/approvals.ts";
import { ann, bob, carl, DAY, HOUR, MINUTE, person, requester } from "../support/approval-parts.ts";
import { aRecord, aStage, snapshot } from "../support/approval-records.ts";
import { START, testPersons } from "../support/approval-service.ts";

const persons = testPersons();
const take = (...[stored, step, now]: [StoredApproval, ApprovalStep, number]) => takeStep(stored, step, now, persons);

/*
 * Random lives of a request: anybody does anything at any time, with what they saw at any time, and processes die. The
 * world keeps count of what happened outside, the way an upstream would.
 */

const people = [ann, bob, carl, person("dora", { roles: ["cfo", "finance-lead"] }), requester];

interface Move {
  readonly what: "vote" | "cancel" | "invalidate" | "claim" | "end" | "lose" | "resolve" | "deliver" | "time";
  readonly who: number;
  readonly yes: boolean;
  /** Versions that what they saw is behind. */
  readonly behind: number;
  readonly waitMs: number;
}

const move: fc.Arbitrary<Move> = fc.record({
  what: fc.constantFrom(
    "vote",
    "vote",
    "vote",
    "cancel",
    "invalidate",
    "claim",
    "claim",
    "end",
    "lose",
    "resolve",
    "deliver",
    "time",
  ),
  who: fc.nat(people.length - 1),
  yes: fc.boolean(),
  behind: fc.constantFrom(0, 0, 0, 1),
  waitMs: fc.constantFrom(0, 0, 0, MINUTE, HOUR, 3 * HOUR, DAY),
});

const request = fc.record({
  required: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
  requesterMayApprove: fc.boolean(),
  idempotent: fc.boolean(),
});

function begin({
  required,
  requesterMayApprove,
  idempotent,
}: {
  required: [number, number];
  requesterMayApprove: boolean;
  idempotent: boolean;
}): StoredApproval {
  const stages = [aStage("finance-lead", required[0]), aStage("cfo", required[1])];
  return { record: aRecord({ snapshot: snapshot({ stages, requesterMayApprove }), idempotent }), decisions: [] };
}

/** The step that a move is, given the request as it stands. */
function stepOf(
  { what, who, yes, behind }: Move,
  { record }: StoredApproval,
  now: number,
  n: number,
): ApprovalStep | undefined {
  const approver = people[who] ?? ann;
  const version = record.version - behind;
  switch (what) {
    case "vote": {
      const seen = {
        version,
        argumentsDigest: record.argumentsDigest,
        reason: "Because.",
        channel: "api",
        ip: undefined,
      };
      return { act: yes ? "approve" : "reject", approver, ...seen };
    }
    case "cancel":
      return { act: "cancel", by: approver };
    case "invalidate":
      return { act: "invalidate", reason: "The policy has changed." };
    case "claim":
      return { act: "claim", version, executionId: `run-${n}`, owner: "p", leaseUntil: now + MINUTE };
    case "end":
      return { act: yes ? "succeed" : "fail", executionId: record.executionId ?? "none", isError: !yes };
    case "lose":
      return { act: "lose", executionId: yes ? record.executionId : undefined, why: "It is gone." };
    case "resolve":
      return { act: "resolve", by: approver, outcome: yes ? "succeeded" : "failed", reason: "It is in the ledger." };
    case "deliver":
      return { act: "deliver" };
    case "time": {
      const due = dueAct(record, now, 7 * DAY);
      return due === undefined || due.act === "purge" ? undefined : due;
    }
    default:
      return what satisfies never;
  }
}

it("whatever anybody does, a call is run once at most, and only with everybody's consent", () => {
  fc.assert(
    fc.property(request, fc.array(move, { maxLength: 60 }), (made, moves) => {
      let stored = begin(made);
      let now = START;
      let claims = 0;
      for (const [n, next] of moves.entries()) {
        now += next.waitMs;
        const step = stepOf(next, stored, now, n);
        const taken = step === undefined ? undefined : take(stored, step, now);
        if (step === undefined || taken?.ok !== true) continue;
        const { record: before } = stored;
        const { record } = taken;

        // What has ended stays as it ended.
        if (isEnded(before.state)) expect(record).toEqual({ ...before, deliveredAt: now });
        expect(record.version - before.version).toBe(["escalate", "remind", "deliver"].includes(step.act) ? 0 : 1);
        if (record.state !== before.state) expect(record.version).toBe(before.version + 1);

        if (taken.decision !== undefined) {
          const { approver } = taken.decision;
          expect(stored.decisions.map((said) => said.approver.subject)).not.toContain(approver.subject);
          if (!made.requesterMayApprove) expect(approver.subject).not.toBe(requester.subject);
          expect(now).toBeLessThan(before.pendingUntil);
          stored = { record, decisions: [...stored.decisions, taken.decision] };
        } else stored = { ...stored, record };

        if (step.act === "claim") {
          claims += 1;
          expect(before.state).toBe("approved");
          expect(now).toBeLessThan(before.executeUntil ?? 0);
          for (const [index, required] of made.required.entries()) {
            const given = stored.decisions.filter((said) => said.stage === index && said.decision === "approve");
            expect(given).toHaveLength(required);
          }
          expect(stored.decisions.every((said) => said.decision === "approve")).toBe(true);
        }
        expect(claims).toBeLessThanOrEqual(made.idempotent ? MAX_RUNS : 1);
      }
    }),
    { numRuns: 3_000 },
  );
});

it("time alone brings every request to its end, or to an administrator", () => {
  fc.assert(
    fc.property(request, fc.array(move, { maxLength: 20 }), (made, moves) => {
      let stored = begin(made);
      let now = START;
      for (const [n, next] of moves.entries()) {
        const step = stepOf(next, stored, now, n);
        const taken = step === undefined ? undefined : take(stored, step, now);
        if (taken?.ok === true) {
          const decisions = taken.decision === undefined ? stored.decisions : [...stored.decisions, taken.decision];
          stored = { record: taken.record, decisions };
        }
      }
      // No two steps lead back to where they began, so that a handful is enough.
      for (let steps = 0; isOpen(stored.record.state) && stored.record.state !== "indeterminate"; steps++) {
        expect(steps).toBeLessThan(8);
        now = dueAt(stored.record, 7 * DAY) ?? Number.NaN;
        const due = dueAct(stored.record, now, 7 * DAY);
        if (due === undefined || due.act === "purge") throw new Error(`Nothing is due for ${stored.record.state}.`);
        const taken = take(stored, due, now);
        if (!taken.ok) throw new Error(`${due.act} is due and refused.`);
        stored = { ...stored, record: taken.record };
      }
      const ended = stored.record;
      expect(dueAct(ended, now + 8 * DAY, 7 * DAY)).toEqual(
        ended.state === "indeterminate" ? undefined : { act: "purge" },
      );
    }),
    { numRuns: 1_000 },
  );
});
