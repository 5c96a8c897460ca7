/*
 * What holds between the audit and the other tables. A call's opening is committed before anything happens because of it,
 * and a request before what is said about it: where the first is missing, it was taken away. What is decided is written to
 * its own table first and to the audit some milliseconds later, so that a crash can lose the latter; see `missingActs`.
 */

/** Rows of tables from which nothing is ever removed. */
export const COUNTS = `SELECT (SELECT count(*) FROM approval_requests) AS approvals,
  (SELECT count(*) FROM approval_events) AS events, (SELECT count(*) FROM approval_decisions) AS decisions`;

/** Hours for which more decisions were counted than rows can have given. */
export const COUNTED_TOO_MUCH = `WITH counted AS (
    SELECT at, sum(n) AS n FROM activity_counts WHERE step = 3600000 AND what IN ('decision', 'prompt', 'resource') GROUP BY at),
  found AS (SELECT CAST(at / 3600000 AS INTEGER) * 3600000 AS at, count(*) AS n FROM audit
    WHERE kind = 'opened' AND approval IS NULL AND decision IS NOT NULL GROUP BY 1)
  SELECT counted.at FROM counted LEFT JOIN found USING (at) WHERE counted.n > coalesce(found.n, 0) ORDER BY 1 LIMIT 100`;

/** One rule: what it finds breaks it. */
interface Contradiction {
  /** Gives `id`; knows `@from` and `@fromSeq`. */
  readonly query: string;
  readonly text: (id: string) => string;
}

// The row that opens the call which asked. Found by the call's end, which names the request; where that is not there yet,
// or was lost, by reading.
const OPENED_FOR_RUN = `o.kind = 'opened' AND o.actor IS r.sub AND o.actor_issuer IS r.iss AND o.upstream IS r.upstream
  AND o.method IS r.method AND coalesce(o.subject, o.tool) IS r.tool AND o.arguments_digest IS r.arguments_digest`;

// As `signInPath` of `gateway/step-up/step-up-gate.ts` writes it.
const PATH = `coalesce(o.subject_kind || ' ', '') || o.upstream || '/' || coalesce(o.subject, o.tool)`;

const SIGNED_IN = `o.kind = 'opened' AND o.actor IS c.sub AND o.actor_issuer IS c.iss AND ${PATH} IS c.tool`;

// The words that the audit has for them are those of `gateway/approvals/record.ts`.
const OUTCOME = `CASE e.act WHEN 'approve' THEN 'approve' WHEN 'reject' THEN 'reject' WHEN 'deliver' THEN 'delivered'
  ELSE e.to_state END`;

export const CONTRADICTIONS: readonly Contradiction[] = [
  {
    query: `SELECT r.id FROM approval_requests r WHERE r.created_at >= @from
      AND NOT EXISTS (SELECT 1 FROM audit e JOIN audit o ON o.call_id = e.call_id
        WHERE e.approval = r.id AND e.kind = 'closed' AND ${OPENED_FOR_RUN})
      AND NOT EXISTS (SELECT 1 FROM audit o WHERE ${OPENED_FOR_RUN} AND o.at <= r.created_at) LIMIT 100`,
    text: (id) =>
      `No call on record asked for ${id} as it stands there: with these arguments, of this tool, prompt or resource, by this user.`,
  },
  {
    query: `SELECT c.id FROM step_up_challenges c WHERE c.created_at >= @from
      AND NOT EXISTS (SELECT 1 FROM audit e JOIN audit o ON o.call_id = e.call_id
        WHERE e.challenge = c.id AND e.kind = 'closed' AND ${SIGNED_IN})
      AND NOT EXISTS (SELECT 1 FROM audit o WHERE ${SIGNED_IN} AND o.at <= c.created_at) LIMIT 100`,
    text: (id) => `No call on record was sent to sign in with ${id}.`,
  },
  {
    query: `SELECT DISTINCT a.approval AS id FROM audit a WHERE a.approval IS NOT NULL AND a.seq >= @fromSeq
      AND NOT EXISTS (SELECT 1 FROM approval_requests r WHERE r.id = a.approval) LIMIT 100`,
    text: (id) => `The record tells of ${id}, and there is no such request.`,
  },
  {
    query: `SELECT DISTINCT a.approval AS id FROM audit a WHERE a.approval IS NOT NULL AND a.seq >= @fromSeq
      AND a.kind = 'decided' AND a.outcome IN ('approve', 'reject')
      AND NOT EXISTS (SELECT 1 FROM approval_decisions d WHERE d.request_id = a.approval AND d.decision = a.outcome
        AND d.approver_sub IS a.actor AND d.approver_iss IS a.actor_issuer) LIMIT 100`,
    text: (id) => `The record tells of a vote on ${id} that is not among its decisions.`,
  },
  {
    // Whoever puts an older copy of a request back, seal and all, has it decided or run once more.
    query: `SELECT DISTINCT a.approval AS id FROM audit a WHERE a.approval IS NOT NULL AND a.seq >= @fromSeq
      AND a.kind = 'decided' AND NOT EXISTS (SELECT 1 FROM approval_events e WHERE e.request_id = a.approval
        AND ${OUTCOME} = a.outcome AND e.actor_sub IS a.actor AND e.actor_iss IS a.actor_issuer AND e.at = a.at) LIMIT 100`,
    text: (id) =>
      `The record tells of something that the history of ${id} does not: it is an older copy of the request.`,
  },
  {
    query: `SELECT r.id FROM approval_requests r WHERE r.created_at >= @from AND r.state IS NOT
      (SELECT e.to_state FROM approval_events e WHERE e.request_id = r.id ORDER BY e.seq DESC LIMIT 1) LIMIT 100`,
    text: (id) => `The state of ${id} does not follow from its history.`,
  },
  {
    // Whoever puts it back as it was before it served has it serve once more.
    query: `SELECT v.challenge_id AS id FROM elevations v WHERE v.created_at >= @from AND v.per = 'call'
      AND (SELECT count(*) FROM audit o JOIN audit e ON e.call_id = o.call_id AND e.kind = 'closed'
        WHERE o.challenge = v.challenge_id AND o.kind = 'opened' AND e.outcome IN ('ok', 'tool_error', 'rpc_error'))
        > (v.spent_at IS NOT NULL) LIMIT 100`,
    text: (id) => `The sign-in for ${id} serves one call, and served more than the database says: it is an older copy.`,
  },
  {
    query: `SELECT DISTINCT a.session AS id FROM audit a WHERE a.kind = 'admin' AND a.outcome = 'console_session_ended'
      AND a.seq >= @fromSeq AND a.session IN (SELECT id_hash FROM console_sessions) LIMIT 100`,
    text: (id) => `The session ${id} of the console was ended, and is there again.`,
  },
  {
    query: `SELECT DISTINCT r.name AS id FROM audit a JOIN registered_upstreams r ON r.name = a.upstream
      WHERE a.kind = 'admin' AND a.outcome = 'upstream_removed' AND a.seq >= @fromSeq AND a.at > r.registered_at LIMIT 100`,
    text: (id) => `The upstream ${id} was removed after it had been registered as it stands there.`,
  },
  {
    query: `SELECT s.counted AS id FROM activity_state s
      WHERE s.counted > (SELECT coalesce(max(seq), 0) FROM audit) LIMIT 1`,
    text: (id) => `The record was counted up to row ${id}, which is not there.`,
  },
  {
    query: `SELECT max(h.last_seq) AS id FROM activity_hours h
      HAVING max(h.last_seq) > (SELECT coalesce(max(seq), 0) FROM audit)`,
    text: (id) => `There was a row ${id}, which is not there.`,
  },
  {
    // A search by time reads only where these say that the hour's entries stand.
    query: `WITH found AS (SELECT CAST(at / 3600000 AS INTEGER) * 3600000 AS at, min(seq) AS first, max(seq) AS last
        FROM audit WHERE kind NOT IN ('closed', 'checkpoint') AND seq <= (SELECT counted FROM activity_state) GROUP BY 1)
      SELECT strftime('%Y-%m-%dT%H:%MZ', f.at / 1000, 'unixepoch') AS id FROM found f LEFT JOIN activity_hours h USING (at)
      WHERE h.at IS NULL OR h.first_seq > f.first OR h.last_seq < f.last LIMIT 100`,
    text: (id) => `Rows of the hour of ${id} are left out of searches by time.`,
  },
];

const ROW = "SELECT 1 FROM audit a WHERE a.kind = 'decided' AND";

/** How much later than the upstream itself its registration may have got its row, ms: it is read and started in between. */
const REGISTERING_MS = 60_000;

/** Votes, ends, sign-ins and registrations of which the audit has no row. */
export const ACTS = `WITH registered AS MATERIALIZED (SELECT * FROM audit WHERE kind = 'admin' AND outcome = 'upstream_registered')
  SELECT e.request_id AS id, e.act AS what, e.at FROM approval_events e
    WHERE e.at >= @from AND e.at < @until AND e.act NOT IN ('request', 'claim', 'escalate', 'remind')
      AND NOT EXISTS (${ROW} a.approval = e.request_id AND a.outcome = ${OUTCOME}
        AND a.actor IS e.actor_sub AND a.actor_issuer IS e.actor_iss AND a.at = e.at)
  UNION ALL SELECT d.request_id, d.decision, d.at FROM approval_decisions d
    WHERE d.at >= @from AND d.at < @until AND NOT EXISTS (${ROW} a.approval = d.request_id AND a.outcome = d.decision
      AND a.actor IS d.approver_sub AND a.actor_issuer IS d.approver_iss)
      AND NOT EXISTS (SELECT 1 FROM approval_events e WHERE e.request_id = d.request_id AND e.act = d.decision
        AND e.actor_sub IS d.approver_sub AND e.actor_iss IS d.approver_iss)
  UNION ALL SELECT v.challenge_id, 'signed_in', v.created_at FROM elevations v
    WHERE v.created_at >= @from AND v.created_at < @until AND NOT EXISTS (${ROW} a.challenge = v.challenge_id AND a.outcome = 'signed_in')
  UNION ALL SELECT r.name, 'upstream_registered', r.registered_at FROM registered_upstreams r
    WHERE r.registered_at >= @from AND r.registered_at < @until - ${REGISTERING_MS}
      AND NOT EXISTS (SELECT 1 FROM registered a WHERE a.upstream = r.name AND a.actor IS r.sub AND a.actor_issuer IS r.iss
        AND a.actor_email IS r.email AND a.at BETWEEN r.registered_at AND r.registered_at + ${REGISTERING_MS})
  ORDER BY 3 LIMIT 1000`;
