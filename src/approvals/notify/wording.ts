import type { ApprovalNotice } from "../../core/approval.ts";
import { asReplacement, cut, escapeForDisplay } from "../../core/display.ts";
import { subjectKindOf, subjectTitle } from "../../core/subject.ts";

/** One line of facts for people. */
export interface Fact {
  readonly label: string;
  /** One line of harmless text; not yet escaped for where it is shown. */
  readonly value: string;
}

/** What happened, in a few words. */
export function headline(notice: ApprovalNotice): string {
  switch (notice.kind) {
    case "approval.requested":
      return notice.stage === 0 ? "Approval requested" : "Approval requested: next stage";
    case "approval.escalated":
      return "Approval requested: nobody has decided yet";
    case "approval.reminder":
      return "Still waiting for approval";
    case "approval.decided":
      return notice.state === "rejected" ? "Request rejected" : "Request approved";
    case "approval.withdrawn":
      return notice.state === "invalidated" ? "Request no longer valid" : "Request cancelled";
    case "approval.expired":
      return "Request expired";
    case "approval.executed":
      return notice.state === "failed" ? "Approved call was run and failed" : "Approved call was run";
    case "approval.indeterminate":
      return "Approved call may or may not have run";
    default:
      return notice.kind satisfies never;
  }
}

/** What people need to know before they follow the link. */
export function facts(notice: ApprovalNotice): readonly Fact[] {
  return [
    { label: subjectTitle(subjectKindOf(notice.method)), value: subjectName(notice) },
    { label: "Requested by", value: oneLine(notice.requester) },
    { label: "Flow", value: stageText(notice) },
    ...(notice.policies.length === 0
      ? []
      : [{ label: "Policies", value: oneLine(notice.policies.join(", "), MAX_LIST) }]),
    { label: "Requested at", value: timeText(notice.createdAt) },
    ...deadline(notice),
  ];
}

/** `server/tool`, or the server and the name or URI of what it is about, harmless to show. */
export function subjectName(notice: ApprovalNotice): string {
  return oneLine(`${notice.upstream}/${notice.tool}`);
}

const MAX_LINE = 200;
const MAX_LIST = 500;

/**
 * Text of somebody else's choosing as one line: what would break it, hide in it or turn its direction becomes a visible
 * mark, and what is too long is cut.
 */
function oneLine(text: string, max = MAX_LINE): string {
  return cut(escapeForDisplay(text, asReplacement), max);
}

function stageText(notice: ApprovalNotice): string {
  return notice.stages === 1
    ? oneLine(notice.flow)
    : `${oneLine(notice.flow)}, stage ${notice.stage + 1} of ${notice.stages}`;
}

function deadline(notice: ApprovalNotice): readonly Fact[] {
  if (notice.state === "pending") return [{ label: "To be decided until", value: timeText(notice.pendingUntil) }];
  if (notice.state !== "approved" || notice.executeUntil === undefined) return [];
  return [{ label: "To be run until", value: timeText(notice.executeUntil) }];
}

/** `2026-03-01 09:30 UTC` */
function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
