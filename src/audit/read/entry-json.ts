import type { AuditEntry } from "../../store/audit/audit-rows.ts";
import { actedBy } from "../actor-of.ts";
import { askedMsIn } from "../asked-ms.ts";
import { jsonIn, readMatches } from "./read-matches.ts";
import { recordedRefusal } from "./recorded-refusal.ts";
import { methodOf, subjectOf } from "./subject-of.ts";

function refusalJson(entry: AuditEntry) {
  const refusal = recordedRefusal(entry);
  if (refusal === undefined) return null;
  const { at, credential, claimedIssuer, count, since, reason } = refusal;
  return {
    ...{ at: at ?? null, credential: credential ?? null, claimed_issuer: claimedIssuer ?? null },
    ...{ count, since: since ?? null, reason: reason ?? null },
  };
}

/** An entry as JSON: snake_case, times in RFC 3339. */
export function auditEntryJson(entry: AuditEntry) {
  const matches = [entry.policies, entry.resultPolicies];
  return {
    seq: entry.seq,
    at: new Date(entry.at).toISOString(),
    call_id: entry.callId,
    kind: entry.kind,
    user: entry.actor,
    issuer: entry.actorIssuer,
    email: entry.actorEmail,
    acted_by: actedBy(entry),
    client: entry.client,
    address: entry.clientIp,
    endpoint: entry.endpoint,
    upstream: entry.upstream,
    method: methodOf(entry) ?? null,
    tool: entry.tool,
    subject: subjectOf(entry) ?? null,
    decision: entry.decision,
    policies: matches.every((text) => text === null) ? null : matches.flatMap((text) => jsonIn(text) ?? []),
    shadow: matches.flatMap(readMatches).flatMap(({ policy, shadow }) => (shadow ? [policy] : [])),
    arguments_redacted: jsonIn(entry.argumentsRedacted),
    outcome: entry.outcome,
    difference: entry.kind === "admin" ? jsonIn(entry.facts) : null,
    refused: refusalJson(entry),
    duration_ms: entry.durationMs,
    asked_ms: entry.durationMs === null ? null : askedMsIn(entry.endFacts),
    trace_id: entry.traceId,
    approval: entry.approval,
    challenge: entry.challenge,
  };
}
