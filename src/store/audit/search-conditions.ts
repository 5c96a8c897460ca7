import { and, eq, gte, inArray, isNotNull, isNull, lt, ne, or, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { GATEWAY_LOST, outcomesOf } from "../../core/call-outcome.ts";
import type { DecidedMethod } from "../../core/subject.ts";
import type { AuditFilter } from "./audit-rows.ts";
import { policyMatched, shadowMatched } from "./matched-policies.ts";
import { audit } from "./schema.ts";

/** The row of a call's end, beside that of the call. */
export const closed = alias(audit, "closed");

/** When a gateway last started on this record. Written out, so that the index of starts is used. */
const LAST_START = sql`(SELECT max(seq) FROM audit WHERE kind = 'checkpoint' AND outcome = 'start')`;
/** A call that was opened before that, and never closed: see `GATEWAY_LOST`. */
export const LOST = sql<number>`(${audit.kind} = 'opened' AND ${audit.outcome} IS NULL AND ${closed.seq} IS NULL AND ${audit.seq} < ${LAST_START})`;

/** What a filter asks of each row, with the row of its end. */
export function conditionOf(filter: AuditFilter): SQL | undefined {
  const { user, upstream, tool, method, subject, decision, kind, without, code, outcome } = filter;
  const { client, policy, shadow, since, until } = filter;
  return and(
    user === undefined ? undefined : or(eq(audit.actor, user), eq(audit.actorEmail, user)),
    upstream === undefined ? undefined : eq(audit.upstream, upstream),
    tool === undefined ? undefined : and(eq(audit.tool, tool), isNull(audit.subjectKind)),
    method === undefined ? undefined : askedBy(method),
    subject === undefined ? undefined : or(eq(audit.tool, subject), eq(audit.subject, subject)),
    decision === undefined ? undefined : eq(audit.decision, decision),
    kind === undefined ? undefined : eq(audit.kind, kind),
    without === undefined ? undefined : ne(audit.kind, without),
    code === undefined ? undefined : endedIn([code]),
    outcome === undefined ? undefined : endedIn(outcomesOf(outcome)),
    client === undefined ? undefined : calledBy(client),
    policy === undefined ? undefined : policyMatched([audit.policies, closed.policies], policy),
    shadow === true ? shadowMatched([audit.policies, closed.policies]) : undefined,
    since === undefined ? undefined : gte(audit.at, since),
    until === undefined ? undefined : lt(audit.at, until),
  );
}

// Rows about a call of a tool do not say so.
function askedBy(method: string): SQL | undefined {
  if (method !== TOOL_CALL) return eq(audit.method, method);
  return and(inArray(audit.kind, ["opened", "decided"]), isNotNull(audit.tool), isNull(audit.subjectKind));
}

const TOOL_CALL: DecidedMethod = "tools/call";

// A call's is in the row of its end, an act's in its own.
function endedIn(outcomes: readonly string[]): SQL | undefined {
  const lost = outcomes.includes(GATEWAY_LOST) ? LOST : undefined;
  return or(inArray(closed.outcome, [...outcomes]), inArray(audit.outcome, [...outcomes]), lost);
}

// Programs say `name/version`.
function calledBy(client: string): SQL | undefined {
  const named = `${client}/`;
  const ofAnyVersion = sql`substr(${audit.client}, 1, length(${named})) = ${named}`;
  return or(eq(audit.clientId, client), eq(audit.client, client), ofAnyVersion);
}
