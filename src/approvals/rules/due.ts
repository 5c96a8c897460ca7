import type { ApprovalRecord } from "../../store/approvals/approvals.ts";
import { escalationAt, reminderAt } from "./machine.ts";
import type { ApprovalStep } from "./step.ts";

/** What time alone does to a request: a step of the machine, or that what is sealed goes. */
export type DueAct = ApprovalStep | { readonly act: "purge" };

/** When time has something to do with this request next; `undefined` if never. */
export function dueAt(record: ApprovalRecord, retentionMs: number): number | undefined {
  switch (record.state) {
    case "pending":
      return Math.min(
        record.pendingUntil,
        record.reminded ? Number.POSITIVE_INFINITY : reminderAt(record),
        record.escalated ? Number.POSITIVE_INFINITY : (escalationAt(record) ?? Number.POSITIVE_INFINITY),
      );
    case "approved":
      return record.executeUntil;
    case "executing":
      return record.leaseUntil;
    case "indeterminate":
      // People have to look at it, however long that takes, and what they need for it stays.
      return undefined;
    case "succeeded":
    case "failed":
    case "rejected":
    case "expired":
    case "cancelled":
    case "invalidated":
      return record.purgedAt === undefined ? (record.endedAt ?? record.createdAt) + retentionMs : undefined;
    default:
      return record.state satisfies never;
  }
}

/** What is due by now, one thing at a time; `undefined` if nothing is. */
export function dueAct(record: ApprovalRecord, now: number, retentionMs: number): DueAct | undefined {
  if (now < (dueAt(record, retentionMs) ?? Number.POSITIVE_INFINITY)) return undefined;
  switch (record.state) {
    case "pending":
      // What has expired needs nobody's attention any more.
      if (now >= record.pendingUntil) return { act: "expire" };
      return !record.escalated && now >= (escalationAt(record) ?? Number.POSITIVE_INFINITY)
        ? { act: "escalate" }
        : { act: "remind" };
    case "approved":
      return { act: "expire" };
    case "executing":
      return { act: "lose", executionId: undefined, why: "The process that ran it is gone." };
    case "indeterminate":
      return undefined;
    case "succeeded":
    case "failed":
    case "rejected":
    case "expired":
    case "cancelled":
    case "invalidated":
      return { act: "purge" };
    default:
      return record.state satisfies never;
  }
}
