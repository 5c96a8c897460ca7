import { isAmong } from "../approvals/eligibility.ts";
import type { ApprovalRequest } from "../core/approval.ts";
import type { Principal } from "../core/principal.ts";

/** Whether this is a person with one of the administrators' roles. Machines administer nothing by themselves. */
export function isAdmin(principal: Principal, adminRoles: readonly string[]): boolean {
  return principal.kind === "person" && principal.roles.some((role) => adminRoles.includes(role));
}

/** Whether this request is the principal's own. Sessions, tasks and approvals are bound to `iss` and `sub`. */
export function isRequester({ requester }: ApprovalRequest, principal: Principal): boolean {
  return requester.issuer === principal.issuer && requester.subject === principal.subject;
}

/** Whether this person may approve any stage of it: that of their turn, one that was, or one to come. */
export function isApprover(request: ApprovalRequest, principal: Principal): boolean {
  return principal.kind === "person" && request.stages.some((stage) => isAmong(stage.approvers, principal));
}

/** Whether this principal knows of the request at all. To everybody else it does not exist. */
export function maySee(request: ApprovalRequest, principal: Principal, adminRoles: readonly string[]): boolean {
  return isRequester(request, principal) || isApprover(request, principal) || isAdmin(principal, adminRoles);
}

/**
 * Whether the arguments are shown to the letter. An approver must see what would run, and the requester wrote them;
 * who only administers the gateway has no business with what people's calls carry.
 */
export function maySeeArguments(request: ApprovalRequest, principal: Principal): boolean {
  return isRequester(request, principal) || isApprover(request, principal);
}
