import type { Approvals } from "../../approvals/approvals.ts";
import type { Audit } from "../../audit/audit.ts";
import type { ApprovalEvent } from "../../core/approval.ts";
import type { ApprovalOutcome } from "../../core/call-outcome.ts";
import { subjectKindOf } from "../../core/subject.ts";

/**
 * Records every vote and every end of a request in the audit. That it was asked for and that it was started stand there
 * already, with their calls. Returns the function that stops it.
 */
export function recordApprovals(approvals: Pick<Approvals, "onTransition">, audit: Pick<Audit, "record">): () => void {
  return approvals.onTransition(({ request, event }) => {
    const outcome = outcomeOf(event);
    if (outcome === undefined) return;
    const { actor, at } = event;
    const { id, method, upstream, tool: subject, policies } = request;
    const subjectKind = subjectKindOf(method);
    audit.record({ about: "approval", id, at, actor, method, upstream, subjectKind, subject, policies, outcome });
  });
}

function outcomeOf({ act, to }: ApprovalEvent): ApprovalOutcome | undefined {
  switch (act) {
    case "approve":
    case "reject":
      return act;
    case "deliver":
      return "delivered";
    case "expire":
    case "cancel":
    case "invalidate":
    case "succeed":
    case "fail":
    case "lose":
    case "resolve":
      return to;
    case "request":
    case "claim":
    case "escalate":
    case "remind":
      return undefined;
    default:
      return act satisfies never;
  }
}
