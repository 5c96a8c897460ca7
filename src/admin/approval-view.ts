import type { ApprovalEvent, ApprovalRequest } from "../core/approval.ts";
import type { ApprovalOperations } from "../operations/approvals.ts";
import type { Operator } from "../operations/operator.ts";
import { approvalJson, eventJson } from "./approval-json.ts";
import type { ApprovalBody, ApprovalDetailBody } from "./approval-schema.ts";

/** What a request is shown with. */
export interface ApprovalViewDeps {
  readonly approvals: ApprovalOperations;
  /** The console's page about a request, where people look at it. */
  readonly link: (id: string) => string;
}

/** Characters of whole arguments in one list. */
const WHOLE_CHARS = 4 * 1024 * 1024;

/** A request as this operator may see it; `whole`: with its arguments to the letter, if they may see those. */
export async function viewApproval(
  { approvals, link }: ApprovalViewDeps,
  request: ApprovalRequest,
  operator: Operator,
  whole: boolean,
): Promise<ApprovalBody> {
  const may = approvals.mayDecide(operator, request);
  return approvalJson(request, {
    url: link(request.id),
    arguments: whole ? await approvals.arguments(operator, request) : undefined,
    message: approvals.message(operator, request),
    mayNotDecide: may.ok ? undefined : may.code,
  });
}

/** A page of requests. One call's arguments may be as large as a body: a page of them is not to fill the memory. */
export async function viewApprovals(
  deps: ApprovalViewDeps,
  requests: readonly ApprovalRequest[],
  operator: Operator,
  whole: boolean,
): Promise<ApprovalBody[]> {
  const bodies: ApprovalBody[] = [];
  let left = WHOLE_CHARS;
  for (const request of requests) {
    const body = await viewApproval(deps, request, operator, whole && left > 0);
    if (body.arguments_form === "whole") left -= JSON.stringify(body.arguments).length;
    bodies.push(body);
  }
  return bodies;
}

/** A request with everything that happened to it. */
export async function viewApprovalDetail(
  deps: ApprovalViewDeps,
  request: ApprovalRequest,
  history: readonly ApprovalEvent[],
  operator: Operator,
): Promise<ApprovalDetailBody> {
  return { ...(await viewApproval(deps, request, operator, true)), history: history.map(eventJson) };
}
