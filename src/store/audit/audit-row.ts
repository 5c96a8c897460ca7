/**
 * What a row records: a call about to be made, its end, an approver's decision, an act at the gateway itself; `refused`:
 * requests that were refused before anything was decided; `checkpoint`: that the gateway started, runs or stopped, and what it counted then.
 */
export const AUDIT_KINDS = ["opened", "closed", "decided", "admin", "refused", "checkpoint"] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** One row to add. `null` where a kind has nothing to say. */
export interface AuditRow {
  /** ms since the epoch. */
  readonly at: number;
  /** Of a decision: the id of its approval request. Of a checkpoint or a refusal: an id of its own. */
  readonly callId: string;
  readonly kind: AuditKind;
  /** Subject, issuer and e-mail of whoever acted. */
  readonly actor: string | null;
  readonly actorIssuer: string | null;
  readonly actorEmail: string | null;
  /** `name/version` as the client program says. */
  readonly client: string | null;
  /** OAuth client or API key name. */
  readonly clientId: string | null;
  readonly clientIp: string | null;
  readonly endpoint: string | null;
  readonly session: string | null;
  readonly upstream: string | null;
  /** Its own name; `null` in rows about anything else, which have `method`, `subjectKind` and `subject`. */
  readonly tool: string | null;
  readonly decision: string | null;
  /** JSON list of every policy that matched, with its effect and why; in a closing row, of those that saw the result. */
  readonly policies: string | null;
  /** SHA-256 of the policy set that decided. */
  readonly policySet: string | null;
  /** Keyed digest of the canonical JSON of the arguments; in rows of before there was a key, SHA-256. */
  readonly argumentsDigest: string | null;
  /** JSON with secrets taken out and long values cut. */
  readonly argumentsRedacted: string | null;
  /** Sealed text; see `core/seal.ts`. */
  readonly argumentsSealed: string | null;
  /** JSON as it was, where the operator chose that. */
  readonly argumentsFull: string | null;
  readonly outcome: string | null;
  readonly durationMs: number | null;
  readonly traceId: string | null;
  /** SHA-256 of the tool's definition. */
  readonly definitionDigest: string | null;
  /**
   * JSON: what a condition sees of the caller and has no column here; see `audit/facts.ts`. Of an end: `asked_ms`, for how long
   * its server waited for answers of the client, if it did. Of a call whose arguments policies made others of: `given`, the
   * digest of those that came. Of an act and of refused requests: what there is to say.
   */
  readonly facts: string | null;
  /** Id of the approval request that a call asked for, joined or was run with, or that was decided. */
  readonly approval: string | null;
  /** Id of the challenge to sign in that a call was answered with, that came back, or that let the call pass. */
  readonly challenge: string | null;
  /** Of JSON-RPC, of a refused request to the API of HTTP; `null` of calls of tools. */
  readonly method: string | null;
  /** What a request is about that calls no tool, as `prompt`; `null` of those that do. */
  readonly subjectKind: string | null;
  /** The prompt's own name, or the resource's URI with secrets taken out. */
  readonly subject: string | null;
}

/** What a row has where its kind has nothing to say. */
export const EMPTY_ROW = {
  actor: null,
  actorIssuer: null,
  actorEmail: null,
  client: null,
  clientId: null,
  clientIp: null,
  endpoint: null,
  session: null,
  upstream: null,
  tool: null,
  decision: null,
  policies: null,
  policySet: null,
  argumentsDigest: null,
  argumentsRedacted: null,
  argumentsSealed: null,
  argumentsFull: null,
  outcome: null,
  durationMs: null,
  traceId: null,
  definitionDigest: null,
  facts: null,
  approval: null,
  challenge: null,
  method: null,
  subjectKind: null,
  subject: null,
} as const satisfies Partial<AuditRow>;

/** A row of the audit, in its place in the chain. */
export interface StoredAuditRow extends AuditRow {
  /** 1 and up, without gaps. */
  readonly seq: number;
  readonly prevHash: string;
  readonly hash: string;
  /** How `hash` was made: `KEYED`, or `null` for rows of before there was a key. */
  readonly scheme: number | null;
}

/** HMAC-SHA-256 under a key of the gateway's secret. All rows are, from the first such one on. */
export const KEYED = 2;

/** The hash before the first row. */
export const GENESIS_HASH = "0".repeat(64);

/**
 * The columns of a row that its hash covers, in their order: `seq` to `trace_id`, and of those added later all up to the
 * last that is not null. So rows written before there were more columns keep their hash, and giving such a column a
 * value, or taking it away, breaks it.
 */
export function hashedValues(seq: number, row: AuditRow): readonly (string | number | null)[] {
  const values = [
    seq,
    row.at,
    row.callId,
    row.kind,
    row.actor,
    row.actorIssuer,
    row.actorEmail,
    row.client,
    row.clientId,
    row.clientIp,
    row.endpoint,
    row.session,
    row.upstream,
    row.tool,
    row.decision,
    row.policies,
    row.policySet,
    row.argumentsDigest,
    row.argumentsRedacted,
    row.argumentsSealed,
    row.argumentsFull,
    row.outcome,
    row.durationMs,
    row.traceId,
  ];
  if (row.method !== null || row.subjectKind !== null || row.subject !== null) {
    values.push(row.definitionDigest, row.facts, row.approval, row.challenge, ...subjectValues(row));
  } else if (row.challenge !== null) values.push(row.definitionDigest, row.facts, row.approval, row.challenge);
  else if (row.approval !== null) values.push(row.definitionDigest, row.facts, row.approval);
  else if (row.facts !== null) values.push(row.definitionDigest, row.facts);
  else if (row.definitionDigest !== null) values.push(row.definitionDigest);
  return values;
}

/** `method`, `subject_kind` and `subject`, up to the last that is not null. */
function subjectValues({ method, subjectKind, subject }: AuditRow): readonly (string | null)[] {
  if (subject !== null) return [method, subjectKind, subject];
  return subjectKind !== null ? [method, subjectKind] : [method];
}

/** How many values `hashedValues` has at most: the table's columns before `prev_hash`. */
export const HASHED_COLUMNS = 31;

/** A row as its hash sees it: `hashedValues` as JSON without white space. */
export function canonicalRow(seq: number, row: AuditRow): string {
  return JSON.stringify(hashedValues(seq, row));
}

/**
 * `canonicalRow` of a row that says only how a call ended. Nearly half of all rows do, and their text is mostly nulls: put
 * together here it takes a fifth of the time.
 */
export function canonicalEnd(seq: number, { at, callId, kind, outcome, durationMs }: AuditRow): string {
  const end = `${JSON.stringify(outcome)},${JSON.stringify(durationMs)},null`;
  return `[${seq},${at},${JSON.stringify(callId)},"${kind}",${NOT_SAID_AT_AN_END}${end}]`;
}

/** `actor` to `arguments_full`. */
const NOT_SAID_AT_AN_END = "null,".repeat(17);

/**
 * What is hashed of a row with this canonical text, after the row whose hash is `prevHash`. The hash is HMAC-SHA-256 of it
 * in hex; of rows without a scheme it is SHA-256. The key's purpose is `AUDIT_CHAIN`.
 */
export function linkText(prevHash: string, canonical: string): string {
  return `${prevHash}\n${canonical}`;
}

/** `linkText` of a row that was read; `undefined` where it would be longer than a text can be, so that no gateway can have written it. */
export function linkTextOf(row: StoredAuditRow): string | undefined {
  try {
    return linkText(row.prevHash, canonicalRow(row.seq, row));
  } catch (err) {
    // As JSON a control character is six times as long.
    if (err instanceof RangeError) return undefined;
    throw err;
  }
}

/** What the chain's key is derived for; see `createKeyedHash`. */
export const AUDIT_CHAIN = "audit-chain";

/** A place in the chain. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}
