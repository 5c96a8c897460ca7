import type { Acted } from "../../approvals/approvals.ts";
import type { ApprovalEvent, ApprovalRequest } from "../../core/approval.ts";
import type { JsonObject } from "../../core/json.ts";
import type { ApprovalOperations, ApprovalSubject } from "../../operations/approvals/approvals.ts";
import type { Operator } from "../../operations/operator.ts";

/** A request with everything that its page shows to one operator. */
export interface RequestView {
  readonly request: ApprovalRequest;
  readonly operator: Operator;
  /** Undefined: not for this reader. */
  readonly message: string | undefined;
  /** To the letter; `undefined`: not for this reader, or removed by retention. */
  readonly arguments: JsonObject | undefined;
  /** Where they do not fit their tool. */
  readonly misfits: readonly string[];
  readonly subject: ApprovalSubject;
  readonly history: readonly ApprovalEvent[];
  /** Whether they may decide now, or why not. */
  readonly may: Acted;
  readonly mayCancel: boolean;
  readonly mayResolve: boolean;
  /** What else they may decide: the next to end. */
  readonly next: ApprovalRequest | undefined;
}

/** Gathers it; `undefined` if there is no such request for this operator. @throws StoreError */
export async function viewRequest(
  approvals: ApprovalOperations,
  operator: Operator,
  id: string,
): Promise<RequestView | undefined> {
  const request = await approvals.find(operator, id);
  if (request === undefined) return undefined;
  const [subject, history, given, next] = await Promise.all([
    approvals.subject(request),
    approvals.history(id),
    approvals.arguments(operator, request),
    approvals.next(operator, request),
  ]);
  return {
    ...{ request, operator, subject, history, next },
    arguments: given,
    misfits: approvals.misfits(operator, request) ?? [],
    message: approvals.message(operator, request),
    may: approvals.mayDecide(operator, request),
    mayCancel: approvals.mayCancel(operator, request),
    mayResolve: approvals.mayResolve(operator, request),
  };
}
