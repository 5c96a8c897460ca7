import { isAmong } from "../approvals/eligibility.ts";
import type { ApprovalRequest } from "../core/approval.ts";
import type { Principal } from "../core/principal.ts";
import type { Operator } from "./operator.ts";

/** Whoever uses the API or the console, by the roles that they have now. */
export function operatorOf(principal: Principal, adminRoles: readonly string[]): Operator {
  return { principal, admin: isAdmin(principal, adminRoles) };
}

/** Whether this is a person with one of the administrators' roles. Machines administer nothing by themselves. */
function isAdmin(principal: Principal, adminRoles: readonly string[]): boolean {
  return principal.kind === "person" && principal.roles.some((role) => adminRoles.includes(role));
}

/** Whether this request is the principal's own. Sessions, tasks and approvals are bound to `iss` and `sub`. */
export function isRequester({ requester }: ApprovalRequest, principal: Principal): boolean {
  return requester.issuer === principal.issuer && requester.subject === principal.subject;
}

/** Whether this operator knows of the request at all. To everybody else it does not exist. */
export function maySee(request: ApprovalRequest, operator: Operator): boolean {
  return operator.admin || maySeeArguments(request, operator.principal);
}

/**
 * Whether arguments and message are shown to the letter. An approver must see what would run, and the requester wrote
 * it; who only administers the gateway has no business with what people's calls carry.
 */
export function maySeeArguments(request: ApprovalRequest, principal: Principal): boolean {
  return isRequester(request, principal) || isApprover(request, principal);
}

/** Whether this person may approve any stage of it: that of their turn, one that was, or one to come. */
function isApprover(request: ApprovalRequest, principal: Principal): boolean {
  return principal.kind === "person" && request.stages.some((stage) => isAmong(stage.approvers, principal));
}
