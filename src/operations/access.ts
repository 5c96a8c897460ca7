import type { Approvals } from "../approvals/approvals.ts";
import { isAmong } from "../approvals/eligibility.ts";
import type { ApprovalRequest } from "../core/approval.ts";
import { type Refusal, refuse } from "../core/errors.ts";
import { isThemselves, KEYS_ISSUER, type Principal } from "../core/principal.ts";
import { scopesOf } from "../identity/tokens/claims.ts";
import type { Operator } from "./operator.ts";

/** By what a principal came: a session of the console, or a credential that they sent along. */
export type AuthenticationMethod =
  | { readonly kind: "session" }
  | {
      readonly kind: "credential";
      /** The scope with which an access token is for the API. */
      readonly scope: string;
      /**
       * The API's own URL, where tokens of the principal's issuer may be for it: one whose audience it is needs no scope.
       * RFC 8707 §2
       */
      readonly audience: string | undefined;
    };

/** Whoever uses the API or the console, by the roles that they have now and by the credential that they came with. */
export function operatorOf(principal: Principal, adminRoles: readonly string[], way: AuthenticationMethod): Operator {
  const lacks = lackOf(principal, way);
  const admin = principal.may.includes("administer") && principal.roles.some((role) => adminRoles.includes(role));
  return { principal, lacks, admin: lacks === undefined && admin };
}

/** The one place that says which credentials decide and administer: a person's session, key, or token for the API. */
function lackOf(principal: Principal, way: AuthenticationMethod): Operator["lacks"] {
  if (!isThemselves(principal)) return "person";
  if (way.kind === "session" || principal.issuer === KEYS_ISSUER) return undefined;
  const forApi = way.audience !== undefined && [principal.claims["aud"]].flat().includes(way.audience);
  // The scope says what the token is for. What its issuer's people may do, `may` says.
  return scopesOf(principal.claims).includes(way.scope) || forApi ? undefined : "scope";
}

/** Why an operator may not decide whatever their roles are; `undefined` if their credential is one to decide with. */
export function insufficient({ lacks }: Operator): Refusal | undefined {
  return lacks === undefined ? undefined : refuse("CREDENTIAL_INSUFFICIENT");
}

/** Why an operator may not administer; `undefined` if they may. */
export function notAdmin(operator: Operator): Refusal | undefined {
  return insufficient(operator) ?? (operator.admin ? undefined : refuse("ADMIN_REQUIRED"));
}

/** What says whose a request is: see `core/persons.ts`. */
export type Owning = Pick<Approvals, "isRequester">;

/** Whether this operator knows of the request at all. To everybody else it does not exist. */
export function maySee(request: ApprovalRequest, operator: Operator, owning: Owning): boolean {
  return operator.admin || maySeeArguments(request, operator, owning);
}

/**
 * Whether arguments and message are shown to the letter. An approver must see what would run, and the requester wrote
 * it; who only administers the gateway has no business with what people's calls carry.
 */
export function maySeeArguments(request: ApprovalRequest, operator: Operator, owning: Owning): boolean {
  return owning.isRequester(request, operator.principal) || isApprover(request, operator);
}

/** Whether this person may approve any stage of it: that of their turn, one that was, or one to come. */
function isApprover(request: ApprovalRequest, { principal, lacks }: Operator): boolean {
  return lacks === undefined && request.stages.some((stage) => isAmong(stage.approvers, principal));
}
