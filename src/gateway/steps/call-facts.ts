import type { AuditCaller, AuditOpening } from "../../audit/audit.ts";
import type { ToolEntry } from "../../catalog/entries.ts";
import type { Call } from "../../core/call.ts";
import type { Decision } from "../../core/decision.ts";
import type { JsonObject } from "../../core/json.ts";
import type { PolicyInput } from "../../policy/policy-set.ts";
import type { SignInCheck } from "../step-up/step-up-gate.ts";

/** What policies see of a call. */
export function policyInput(call: Call, tool: ToolEntry, args: JsonObject): PolicyInput {
  return {
    principal: call.principal,
    client: call.client,
    tool: { name: tool.name, upstream: tool.upstream, definition: tool.definition },
    arguments: args,
    request: {
      id: call.id,
      method: call.method,
      time: call.receivedAt,
      session: call.session,
      endpoint: call.scope.endpoint,
      headers: call.headers,
    },
  };
}

/** What is recorded of whoever calls. */
export function auditCaller(call: Call): AuditCaller {
  return {
    callId: call.id,
    at: call.receivedAt,
    principal: call.principal,
    client: call.client,
    endpoint: call.scope.endpoint,
    session: call.session,
    traceId: call.traceId,
  };
}

/** What is recorded of a call before anything happens because of it. */
export function auditOpening(call: Call, tool: ToolEntry, decision: Decision, args: JsonObject): AuditOpening {
  return {
    callId: call.id,
    at: call.receivedAt,
    principal: call.principal,
    client: call.client,
    endpoint: call.scope.endpoint,
    session: call.session,
    upstream: tool.upstream,
    tool: tool.name,
    definitionDigest: tool.digest,
    decision,
    arguments: args,
    headers: call.headers,
    traceId: call.traceId,
  };
}

/** The challenge whose sign-in lets a call pass, as it is recorded. */
export function challengeOf(signIn: SignInCheck | undefined): { readonly challenge?: string } {
  return signIn?.kind === "made" && signIn.challenge !== undefined ? { challenge: signIn.challenge } : {};
}

/** The decision as it is recorded: with what satisfied the policies that asked for a sign-in. */
export function withSignIn<D extends Decision>(decision: D, signIn: SignInCheck | undefined): D {
  if (signIn?.kind !== "made") return decision;
  const { by } = signIn;
  const matched = decision.matched.map((match) => (match.effect === "step_up" ? { ...match, satisfied: by } : match));
  return { ...decision, matched };
}
