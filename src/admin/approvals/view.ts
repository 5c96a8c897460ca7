import type { ApprovalEvent, ApprovalRequest } from "../../core/approval.ts";
import type { ApprovalOperations } from "../../operations/approvals/approvals.ts";
import type { Operator } from "../../operations/operator.ts";
import { approvalJson, eventJson } from "./json.ts";
import type { ApprovalBody, ApprovalDetailBody } from "./schema.ts";

/** What a request is shown with. */
export interface ApprovalViewDeps {
  readonly approvals: ApprovalOperations;
  /** The console's page about a request, where people look at it. */
  readonly link: (id: string) => string;
}

/** Characters of whole arguments that are opened for one page: one call's may be as large as a body. */
const WHOLE_CHARS = 4 * 1024 * 1024;

/** A request as this operator may see it; `whole`: with its arguments to the letter, if they may see those. */
export async function viewApproval(
  deps: ApprovalViewDeps,
  request: ApprovalRequest,
  operator: Operator,
  whole: boolean,
): Promise<ApprovalBody> {
  const { body } = await look(deps, request, operator, whole);
  return body;
}

/** A page of requests. One call's arguments may be as large as a body: a page of them is not to fill the memory. */
export async function viewApprovals(
  deps: ApprovalViewDeps,
  requests: readonly ApprovalRequest[],
  operator: Operator,
  whole: boolean,
): Promise<ApprovalBody[]> {
  const bodies = new Map<ApprovalRequest, ApprovalBody>();
  let left = WHOLE_CHARS;
  for (const request of waitingFirst(requests)) {
    const { body, read } = await look(deps, request, operator, whole && left > 0);
    left -= read;
    bodies.set(request, body);
  }
  return requests.flatMap((request) => bodies.get(request) ?? []);
}

/** `read`: characters of whole arguments. */
async function look(
  { approvals, link }: ApprovalViewDeps,
  request: ApprovalRequest,
  operator: Operator,
  whole: boolean,
): Promise<{ readonly body: ApprovalBody; readonly read: number }> {
  const may = approvals.mayDecide(operator, request);
  const given = whole ? await approvals.arguments(operator, request) : undefined;
  const body = approvalJson(request, {
    url: link(request.id),
    arguments: given,
    misfits: approvals.misfits(operator, request),
    message: approvals.message(operator, request),
    mayNotDecide: may.ok ? undefined : may.code,
  });
  return { body, read: given === undefined ? 0 : JSON.stringify(given).length };
}

/** Requests of a page in the order in which their arguments are opened, for when not all are: those that wait come first. */
function waitingFirst(requests: readonly ApprovalRequest[]): readonly ApprovalRequest[] {
  const waits = ({ state }: ApprovalRequest): boolean => state === "pending";
  return [...requests.filter(waits), ...requests.filter((request) => !waits(request))];
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
