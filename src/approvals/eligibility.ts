import type {
  ApprovalDecision,
  ApprovalStage,
  ApprovalState,
  Approvers,
  KnownPerson,
  StageRule,
} from "../core/approval.ts";
import { type Refusal, refuse } from "../core/errors.ts";
import type { Persons } from "../core/persons.ts";
import { ANONYMOUS_ISSUER, isThemselves, LOCAL_ISSUER, type Principal, subjectNames } from "../core/principal.ts";
import type { ApproverEntry, ApproverKeys, StoredApproval } from "../store/approvals/approvals.ts";

/** What of a request bears on who may decide it. */
export interface Decidable {
  readonly state: ApprovalState;
  readonly pendingUntil: number;
  readonly requester: Pick<KnownPerson, "issuer" | "subject" | "email" | "traces">;
  readonly requesterMayApprove: boolean;
  readonly decisions: readonly ApprovalDecision[];
  /** Of the current stage, at the moment in question; `undefined` if there is no such stage. */
  readonly approvers: Approvers | undefined;
}

/**
 * Why this person may not decide the request now, or `undefined` if they may. Asked at the moment of the decision, with
 * the roles that they have then: whoever lost a role since they were told has no say.
 */
export function refusalOf(request: Decidable, approver: Principal, now: number, persons: Persons): Refusal | undefined {
  // Nobody stands behind a machine who could answer for its consent, nor for somebody's who acts for them.
  if (!isThemselves(approver)) return refuse("APPROVAL_NOT_ELIGIBLE", "Only people who signed in decide.");
  if (!approver.may.includes("approve")) return refuse("ISSUER_NOT_PERMITTED");
  // Past its time it is as good as expired, whether the scheduler has been there or not.
  if (request.state !== "pending" || now >= request.pendingUntil) return refuse("APPROVAL_CLOSED");
  const who = persons.who(approver);
  if (!request.requesterMayApprove) {
    const own = persons.sameness(who, request.requester);
    if (own !== "different") return refuse("APPROVAL_OWN", own === "same" ? undefined : maybeOwn(request.requester));
  }
  for (const { approver: before } of request.decisions) {
    const again = persons.sameness(who, before.traces === undefined ? persons.recalled(before) : before);
    if (again !== "different") return refuse("APPROVAL_TWICE", again === "same" ? undefined : MAYBE_AGAIN);
  }
  if (request.approvers === undefined || !isAmong(request.approvers, approver)) return refuse("APPROVAL_NOT_ELIGIBLE");
  return undefined;
}

const HINT = "An operator can say whose credentials these are, under people in the configuration.";
const MAYBE_AGAIN = `Nothing says for certain that you are somebody else than who decided before. ${HINT}`;

/** What to do about a request that may be the approver's own: who had no credential has none that could be named. */
function maybeOwn({ issuer }: Pick<KnownPerson, "issuer">): string {
  if (issuer === ANONYMOUS_ISSUER)
    return "Who asked came without a credential, and could be you. An operator can have callers use keys, or let requests of this flow be approved by who asked (requester_may_approve).";
  if (issuer === LOCAL_ISSUER)
    return `Who asked started the gateway over stdio, and could be you. An operator can name both under people in the configuration, that one by the issuer ${LOCAL_ISSUER}.`;
  return `Nothing says for certain that you are somebody else than who asked. ${HINT}`;
}

/** A stored request as it is to be decided at `now`. */
export function decidable({ record, decisions }: StoredApproval, now: number): Decidable {
  const rule = record.snapshot.stages[record.stage];
  return {
    state: record.state,
    pendingUntil: record.pendingUntil,
    requester: record,
    requesterMayApprove: record.snapshot.requesterMayApprove,
    decisions,
    approvers: rule === undefined ? undefined : approversAt(rule, record.stageSince, now),
  };
}

/** Who may decide a stage that began at `since`: those of its escalation, too, once it is time. */
export function approversAt(rule: StageRule, since: number, now: number): Approvers {
  if (rule.escalate === undefined || now < since + rule.escalate.afterMs) return rule.approvers;
  const { to } = rule.escalate;
  return {
    roles: [...new Set([...rule.approvers.roles, ...to.roles])],
    users: [...new Set([...rule.approvers.users, ...to.users])],
  };
}

/** The stages as they are now, for people. */
export function stagesAt({ record, decisions }: StoredApproval, now: number): readonly ApprovalStage[] {
  return record.snapshot.stages.map((rule, index) => {
    const begun = index <= record.stage;
    const current = index === record.stage && record.state === "pending";
    const widens = current && rule.escalate !== undefined ? record.stageSince + rule.escalate.afterMs : undefined;
    const escalated = widens !== undefined && now >= widens;
    return {
      flow: rule.flow,
      approvers: escalated ? approversAt(rule, record.stageSince, now) : rule.approvers,
      required: rule.required,
      given: begun ? approvalsIn(decisions, index) : 0,
      escalated,
      escalatesAt: escalated ? undefined : widens,
    };
  });
}

/** Approvals given in one stage. */
export function approvalsIn(decisions: StoredApproval["decisions"], stage: number): number {
  return decisions.filter((decision) => decision.stage === stage && decision.decision === "approve").length;
}

/** What a list looks for, to find what this person may see or decide. */
export function keysOf(principal: Principal, persons: Persons): ApproverKeys {
  const { email, roles } = principal;
  const belongings = persons.belongings(principal);
  if (!principal.may.includes("approve")) return { belongings, roles: [], subjects: [], email: undefined };
  return {
    belongings,
    roles,
    subjects: subjectNames(principal),
    email: email === undefined ? undefined : folded(email),
  };
}

/** What a list finds these stages by: the same rule as `isAmong`. */
export function entriesOf(stages: readonly StageRule[]): readonly ApproverEntry[] {
  return stages.flatMap((rule, stage) => [
    ...entries(stage, rule.approvers, 0),
    ...(rule.escalate === undefined ? [] : entries(stage, rule.escalate.to, rule.escalate.afterMs)),
  ]);
}

function entries(stage: number, { roles, users }: Approvers, afterMs: number): readonly ApproverEntry[] {
  return [
    ...roles.map((value) => ({ stage, kind: "role" as const, value, afterMs })),
    ...users.flatMap((user) => [
      { stage, kind: "subject" as const, value: user, afterMs },
      { stage, kind: "email" as const, value: folded(user), afterMs },
    ]),
  ];
}

/**
 * Whether one of the rules names this person: by a role, an e-mail address in any case, or the exact subject, with its
 * issuer (`issuer|subject`) unless that is the first one. Only of issuers whose people may approve.
 */
export function isAmong(approvers: Approvers, principal: Principal): boolean {
  if (!principal.may.includes("approve")) return false;
  const subjects = subjectNames(principal);
  const email = principal.email === undefined ? undefined : folded(principal.email);
  return (
    approvers.roles.some((role) => principal.roles.includes(role)) ||
    approvers.users.some((user) => subjects.includes(user) || (email !== undefined && folded(user) === email))
  );
}

function folded(email: string): string {
  return email.toLowerCase();
}
