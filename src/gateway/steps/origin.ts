import type { AuditCaller, AuditOpening } from "../../audit/audit.ts";
import type { Call } from "../../core/call.ts";
import type { Decision } from "../../core/decision.ts";
import type { Scope } from "../../core/scope.ts";
import type { PolicyInput } from "../../policy/policy-set.ts";
import { type Subject, UNLISTED } from "../requests/subject.ts";
import type { SignInCheck } from "../step-up/sign-in.ts";

/**
 * Who makes a request, where and when: a call is one. An approved call that is run has one of its own, in its requester's
 * name. With its subject it is all that policies see of a request, and all that is recorded.
 */
export interface Origin
  extends Pick<Call, "id" | "method" | "principal" | "client" | "session" | "headers" | "traceId" | "receivedAt"> {
  readonly scope: Pick<Scope, "endpoint">;
}

/** What policies see of a request. */
export function policyInput(origin: Origin, subject: Subject): PolicyInput {
  return {
    principal: origin.principal,
    client: origin.client,
    subject,
    arguments: subject.arguments,
    request: {
      id: origin.id,
      method: origin.method,
      time: origin.receivedAt,
      session: origin.session,
      endpoint: origin.scope.endpoint,
      headers: origin.headers,
    },
  };
}

/** What is recorded of whoever makes it. */
export function auditCaller(origin: Omit<Origin, "method" | "headers">): AuditCaller {
  return {
    callId: origin.id,
    at: origin.receivedAt,
    principal: origin.principal,
    client: origin.client,
    endpoint: origin.scope.endpoint,
    session: origin.session,
    traceId: origin.traceId,
  };
}

/** What is recorded of a request before anything happens because of it. `approval`: of the run of an approved one. */
export function auditOpening(
  origin: Origin,
  {
    asked,
    subject,
    signIn,
  }: { readonly asked: Subject; readonly subject: Subject; readonly signIn: SignInCheck | undefined },
  decision: Decision,
  approval: string | undefined,
): AuditOpening {
  // Written out: of spreads of several objects the engine makes a dictionary, which costs each call 10 µs.
  return {
    callId: origin.id,
    at: origin.receivedAt,
    principal: origin.principal,
    client: origin.client,
    endpoint: origin.scope.endpoint,
    session: origin.session,
    traceId: origin.traceId,
    method: origin.method,
    upstream: subject.upstream,
    subjectKind: subject.kind,
    subject: subject.name,
    definitionDigest: subject.definition === UNLISTED ? undefined : subject.digest,
    arguments: subject.arguments,
    given: subject === asked ? undefined : asked.arguments,
    decision: withSignIn(decision, signIn),
    headers: origin.headers,
    approval,
    challenge: signIn?.kind === "made" ? signIn.challenge : undefined,
  };
}

/** The decision with what satisfied the policies that asked for a sign-in. */
function withSignIn(decision: Decision, signIn: SignInCheck | undefined): Decision {
  if (signIn?.kind !== "made") return decision;
  const { by } = signIn;
  const matched = decision.matched.map((match) => (match.effect === "step_up" ? { ...match, satisfied: by } : match));
  return { ...decision, matched };
}
