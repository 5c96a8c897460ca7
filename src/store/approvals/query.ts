import { and, asc, desc, eq, gt, inArray, isNull, or, type SQL, sql } from "drizzle-orm";
import { isOpen } from "../../core/approval.ts";
import type { Belongings } from "../../core/persons.ts";
import type { DecidedMethod } from "../../core/subject.ts";
import type { ApprovalQuery, ApproverKeys } from "./approvals.ts";
import { approvalDecisions, approvalApprovers as approvers, approvalRequests as rows } from "./schema.ts";

/*
 * What a list asks for, as a condition on `approval_requests`. Lists are looked at all the time, next to a history that
 * only grows: each way below reads about as many rows as are open, or as it shows, whoever asks.
 */

/** What waits for somebody is listed by its end: the last page must not be where it runs out of time. All else, the newest first. */
export function orderOf({ decidableBy }: ApprovalQuery): readonly SQL[] {
  return decidableBy === undefined ? [desc(rows.createdAt), desc(rows.id)] : [asc(rows.pendingUntil), asc(rows.id)];
}

/** The condition of a list; order and limit are the caller's. */
export function matching(query: ApprovalQuery): SQL | undefined {
  const { visibleTo } = query;
  if (visibleTo === undefined) return filters(query);
  // What is open is little enough to be gathered; of the rest only the newest of each source is.
  const open = query.decidableBy !== undefined || query.states?.every(isOpen) === true;
  return open ? and(filters(query), or(own(visibleTo.belongings), openTo(visibleTo))) : newestOf(query, visibleTo);
}

/** Everything but `visibleTo`. */
function filters(query: ApprovalQuery): SQL | undefined {
  return and(
    query.states === undefined ? undefined : inArray(rows.state, [...query.states]),
    query.decidableBy === undefined ? undefined : decidable(query.decidableBy.keys, query.decidableBy.now),
    query.requester === undefined ? undefined : own(query.requester),
    query.flow === undefined ? undefined : sql`instr(${rows.flow}, ${` ${query.flow} `}) > 0`,
    query.upstream === undefined ? undefined : eq(rows.upstream, query.upstream),
    query.tool === undefined ? undefined : and(eq(rows.tool, query.tool), isNull(rows.method)),
    query.method === undefined ? undefined : isMethod(query.method),
    query.subject === undefined ? undefined : eq(rows.tool, query.subject),
    behind(query),
  );
}

function isMethod(method: DecidedMethod): SQL {
  return method === "tools/call" ? isNull(rows.method) : eq(rows.method, method);
}

function behind({ after, decidableBy }: ApprovalQuery): SQL | undefined {
  if (after === undefined) return undefined;
  return decidableBy === undefined
    ? sql`(${rows.createdAt}, ${rows.id}) < (${after.at}, ${after.id})`
    : sql`(${rows.pendingUntil}, ${rows.id}) > (${after.at}, ${after.id})`;
}

// A part of the rule: what is left, `refusalOf` in `approvals/` looks through.
function decidable(keys: ApproverKeys, now: number): SQL | undefined {
  const mayBeOwn = sql`json_extract(${rows.flowSnapshot}, '$.requesterMayApprove') = 1`;
  const voted = sql`EXISTS (SELECT 1 FROM ${approvalDecisions} AS d WHERE d.request_id = ${rows.id}
    AND (d.approver_iss, d.approver_sub) IN (${subjectsOf(keys.belongings)}))`;
  const names = pairsOf(keys);
  const nowTheirs = sql`EXISTS (SELECT 1 FROM ${approvers} AS a WHERE a.request_id = ${rows.id}
    AND (a.kind, a.value) IN (${names}) AND a.stage = ${rows.stage} AND ${rows.stageSince} + a.after_ms <= ${now})`;
  return and(
    sql`${rows.state} = 'pending'`,
    gt(rows.pendingUntil, now),
    openTo(keys),
    nowTheirs,
    sql`(NOT ${own(keys.belongings)} OR ${mayBeOwn})`,
    sql`NOT ${voted}`,
  );
}

/** Open, and any stage is theirs to approve. */
function openTo(keys: ApproverKeys): SQL {
  return sql`${rows.id} IN (SELECT a.request_id FROM ${approvers} AS a WHERE a.open = 1 AND (a.kind, a.value) IN (${pairsOf(keys)}))`;
}

/** More roles than anybody has are looked for together, without the help of an order. */
const MAX_SOURCES = 100;

/**
 * The newest of what they asked for and of what each of their roles and names may approve. Each source gives as many as
 * the list shows, so that those of the list are among them.
 */
function newestOf(query: ApprovalQuery, keys: ApproverKeys): SQL {
  const names = namesOf(keys);
  const groups =
    names.length <= MAX_SOURCES
      ? names.map(([kind, value]) => sql`a.kind = ${kind} AND a.value = ${value}`)
      : [sql`(a.kind, a.value) IN (${pairsOf(keys)})`];
  const wanted = filters(query) ?? sql`1`;
  const { after } = query;
  const older = after === undefined ? sql`1` : sql`(a.created_at, a.request_id) < (${after.at}, ${after.id})`;
  const sources = groups.map(
    (theirs) => sql`SELECT * FROM (SELECT DISTINCT a.request_id, a.created_at FROM ${approvers} AS a
      JOIN ${rows} ON ${rows.id} = a.request_id
      WHERE ${theirs} AND ${older} AND ${wanted} ORDER BY a.created_at DESC, a.request_id DESC LIMIT ${query.limit})`,
  );
  const { subjects, personHash } = keys.belongings;
  const mine = [
    ...subjects.map(({ issuer, subject }) => sql`${rows.iss} = ${issuer} AND ${rows.sub} = ${subject}`),
    ...(personHash === undefined ? [] : [sql`${rows.personHash} = ${personHash}`]),
  ];
  const asked = mine.map(
    (
      theirs,
    ) => sql`SELECT * FROM (SELECT ${rows.id} AS request_id, ${rows.createdAt} FROM ${rows} WHERE ${theirs} AND ${wanted}
    ORDER BY ${rows.createdAt} DESC, ${rows.id} DESC LIMIT ${query.limit})`,
  );
  const all = [...sources, ...asked];
  if (all.length === 0) return sql`0`;
  return sql`${rows.id} IN (SELECT request_id FROM (${sql.join(all, sql` UNION ALL `)}))`;
}

/** Made by this person; `IS`, because a hash that is not there is no answer. */
function own({ subjects, personHash }: Belongings): SQL {
  const theirs = sql`(${rows.iss}, ${rows.sub}) IN (${subjectsOf({ subjects })})`;
  return personHash === undefined ? sql`(${theirs})` : sql`(${theirs} OR ${rows.personHash} IS ${personHash})`;
}

function subjectsOf({ subjects }: Pick<Belongings, "subjects">): SQL {
  return listed(subjects.map(({ issuer, subject }) => sql`(${issuer}, ${subject})`));
}

function pairsOf(keys: ApproverKeys): SQL {
  return listed(namesOf(keys).map(([kind, value]) => sql`(${kind}, ${value})`));
}

// A list of values must not be empty, and NULL in one would make `NOT IN` neither true nor false.
function listed(pairs: readonly SQL[]): SQL {
  return pairs.length === 0 ? sql`SELECT 0, 0 WHERE 0` : sql`VALUES ${sql.join([...pairs], sql`, `)}`;
}

/** What approvers are named by. */
function namesOf({ roles, subjects, email }: ApproverKeys): readonly (readonly [kind: string, value: string])[] {
  return [
    ...[...new Set(roles)].map((role) => ["role", role] as const),
    ...subjects.map((subject) => ["subject", subject] as const),
    ...(email === undefined ? [] : [["email", email] as const]),
  ];
}
