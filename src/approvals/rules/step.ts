import { type ApprovalAct, type ApprovalState, isOpen, type NoticeKind, type Person } from "../../core/approval.ts";
import type { Principal } from "../../core/principal.ts";
import type { ApprovalRecord, NewDecision, NewEvent } from "../../store/approvals/approvals.ts";

/** Something that happens to a request. */
export type ApprovalStep =
  | {
      readonly act: "approve" | "reject";
      readonly approver: Principal;
      readonly reason: string | undefined;
      readonly version: number;
      readonly argumentsDigest: string;
      readonly channel: string;
      readonly ip: string | undefined;
    }
  | { readonly act: "expire" | "escalate" | "remind" | "deliver" }
  | { readonly act: "cancel"; readonly by: Principal }
  | { readonly act: "invalidate"; readonly reason: string }
  | {
      readonly act: "claim";
      readonly version: number;
      readonly executionId: string;
      readonly owner: string;
      readonly leaseUntil: number;
    }
  | {
      readonly act: "succeed" | "fail";
      readonly executionId: string;
      readonly isError: boolean;
    }
  /** `executionId`: the runner itself does not know what came of it. Without one its lease must be over. */
  | { readonly act: "lose"; readonly executionId: string | undefined; readonly why: string }
  | {
      readonly act: "resolve";
      readonly by: Principal;
      readonly outcome: "succeeded" | "failed";
      readonly reason: string;
    };

/** Whom to tell: the notifiers of the current stage's flow, or those of all flows. */
export interface NoticeTarget {
  readonly kind: NoticeKind;
  readonly to: "stage" | "all";
}

/** What comes of a step. */
export interface Taken {
  readonly ok: true;
  readonly record: ApprovalRecord;
  readonly event: NewEvent;
  readonly decision: NewDecision | undefined;
  readonly notify: NoticeTarget | undefined;
}

/** Whether nothing more will happen to a request in this state but that its requester is told, and that it is purged. */
export function isEnded(state: ApprovalState): boolean {
  return !isOpen(state);
}

/** A principal as the history names them. */
export function personOf({ issuer, subject, name, email }: Principal): Person {
  return { issuer, subject, name, email };
}

/** What comes with a move to a state. */
export interface Move {
  readonly change?: Partial<ApprovalRecord>;
  readonly actor?: Person | undefined;
  readonly reason?: string | undefined;
  readonly decision?: NewDecision;
  /** Told to the notifiers of all flows. */
  readonly notify?: NoticeKind;
}

/** A step that others may have to hear of before they go on: it makes a new version. */
export function moved(record: ApprovalRecord, act: ApprovalAct, to: ApprovalState, now: number, move: Move): Taken {
  return {
    ok: true,
    record: {
      ...record,
      ...move.change,
      state: to,
      version: record.version + 1,
      endedAt: isEnded(to) ? now : undefined,
    },
    event: { act, from: record.state, to, actor: move.actor, reason: move.reason, at: now },
    decision: move.decision,
    notify: move.notify === undefined ? undefined : { kind: move.notify, to: "all" },
  };
}

/** The same, where what was asked for is over. */
export function ended(record: ApprovalRecord, act: ApprovalAct, to: ApprovalState, now: number, move: Move): Taken {
  return moved(record, act, to, now, { ...move, change: { decidedAt: now } });
}

/** A step that changes nothing for whoever is about to decide or to claim: the version stays. */
export function noted(record: ApprovalRecord, act: ApprovalAct, now: number, notify: NoticeTarget | undefined): Taken {
  const event = { act, from: record.state, to: record.state, actor: undefined, reason: undefined, at: now };
  return { ok: true, record, event, decision: undefined, notify };
}
