import { isRun } from "../../audit/is-run.ts";
import { recordedRefusal } from "../../audit/read/recorded-refusal.ts";
import type { ApprovalEvent } from "../../core/approval.ts";
import type { CallTimeline } from "../../operations/activity/activity.ts";
import type { AuditEntry } from "../../store/audit/audit-rows.ts";

/** One thing that happened in a call's timeline. */
export type TimelineStep =
  /** A client called, or (`run`) the gateway ran what was approved. `focus`: this is the call that the page is about. */
  | {
      readonly kind: "call";
      readonly at: number;
      readonly entry: AuditEntry;
      readonly run: boolean;
      readonly focus: boolean;
    }
  | { readonly kind: "end"; readonly at: number; readonly entry: AuditEntry; readonly run: boolean }
  /** Something became of the request for approval. */
  | { readonly kind: "approval"; readonly at: number; readonly event: ApprovalEvent }
  /** The same, of a request that is kept no more: what the audit says of it. */
  | { readonly kind: "vote"; readonly at: number; readonly entry: AuditEntry }
  /** Somebody came back from a sign-in. */
  | { readonly kind: "sign_in"; readonly at: number; readonly entry: AuditEntry }
  | { readonly kind: "admin"; readonly at: number; readonly entry: AuditEntry }
  | { readonly kind: "refused"; readonly at: number; readonly entry: AuditEntry };

/** What happened, in order of time. What the gateway does by itself and nobody asks about is left out. Pure. */
export function timelineSteps({ entries, approval }: CallTimeline, id: string): readonly TimelineStep[] {
  const steps = entries.flatMap((entry): readonly TimelineStep[] => {
    const { at } = entry;
    switch (entry.kind) {
      case "opened":
        return callSteps(entry, id);
      case "decided":
        if (entry.approval === null) return [{ kind: "sign_in", at, entry }];
        return approval === undefined ? [{ kind: "vote", at, entry }] : [];
      case "admin":
        return [{ kind: recordedRefusal(entry) === undefined ? "admin" : "refused", at, entry }];
      case "refused":
        return [{ kind: "refused", at, entry }];
      default:
        return entry.kind satisfies never;
    }
  });
  const events = (approval?.history ?? [])
    .filter(({ act }) => act !== "remind")
    .map((event): TimelineStep => ({ kind: "approval", at: event.at, event }));
  // Sorting keeps the order of what happened in one millisecond: first what was called, then what came of it.
  return [...steps, ...events].sort((a, b) => a.at - b.at || RANK[a.kind] - RANK[b.kind]);
}

const RANK: Readonly<Record<TimelineStep["kind"], number>> = {
  call: 0,
  approval: 1,
  vote: 1,
  sign_in: 1,
  admin: 1,
  refused: 1,
  end: 2,
};

function callSteps(entry: AuditEntry, id: string): readonly TimelineStep[] {
  const run = isRun(entry);
  const call = { kind: "call", at: entry.at, entry, run, focus: entry.callId === id } as const;
  return entry.endedAt === null ? [call] : [call, { kind: "end", at: entry.endedAt, entry, run }];
}
