import { CALLS_LEFT_OUT } from "../core/call-outcome.ts";
import { cut } from "../core/display.ts";
import { writeExact } from "../core/exact-json.ts";
import { type JsonObject, keptJson } from "../core/json.ts";
import type { KeyedHash } from "../core/keyed-hash.ts";
import type { Seal } from "../core/seal.ts";
import type { DecidedMethod, SubjectKind } from "../core/subject.ts";
import { type AuditRow, EMPTY_ROW } from "../store/audit/audit-row.ts";
import type { Act, AdminAct, AuditClosing, AuditOpening, UnlistedOpening } from "./audit.ts";
import { createClientTexts } from "./client-texts.ts";
import { createFacts } from "./facts.ts";
import { matchesText, policiesText } from "./matches-text.ts";
import { refusedRow } from "./refused-row.ts";
import { sealArguments } from "./sealed-arguments.ts";
import { REDACTED, redact } from "./secrets/redact.ts";
import { scrubText } from "./secrets/secrets.ts";
import { shownSubject } from "./secrets/shown-subject.ts";

/**
 * How much of a call's arguments is kept: `digest` only; `redacted`, a copy without secrets; `sealed`, that copy and
 * the whole under encryption with the caller's claims and headers, so that replay is exact; `full`, the whole in clear.
 * The digest is always kept.
 */
export type ArgumentsMode = "digest" | "redacted" | "sealed" | "full";

/** Turns what the gateway reports into rows. A text that a client chose is cut, whatever its length. */
export interface RowEncoder {
  opening(opening: AuditOpening | UnlistedOpening): AuditRow;
  closing(closing: AuditClosing): AuditRow;
  act(act: Act): AuditRow;
}

const MAX_CLIENT_TEXT = 128;

/** What an act is about that does not say. */
const TOOL_CALL: DecidedMethod = "tools/call";

/** How rows are made. */
export interface RowOptions {
  readonly arguments: ArgumentsMode;
  /** Used for `sealed` only. */
  readonly seal: Seal;
  /** Digests the canonical JSON of arguments; of the purpose `ARGUMENTS_DIGEST`. */
  readonly digest: KeyedHash;
}

/**
 * Makes the encoder for one way of keeping arguments.
 * Long because each kind of row is written out column by column.
 */
export function createRowEncoder(options: RowOptions): RowEncoder {
  const { arguments: mode, digest } = options;
  const facts = createFacts();
  const clientText = createClientTexts();
  return {
    opening(opening) {
      if ("unlisted" in opening) return unlistedRow(opening, clientText(opening.client), facts);
      const { principal, client, decision } = opening;
      const isTool = opening.subjectKind === "tool";
      const args = isTool ? opening.arguments : argumentsOf(opening);
      const { canonical, kept } = keptJson(args);
      return {
        at: opening.at,
        callId: opening.callId,
        kind: "opened",
        actor: principal.subject,
        actorIssuer: principal.issuer,
        actorEmail: principal.email ?? null,
        client: clientText(client),
        clientId: principal.clientId ?? null,
        clientIp: cut(client.ip, MAX_CLIENT_TEXT),
        endpoint: opening.endpoint,
        session: opening.session ?? null,
        upstream: opening.upstream,
        tool: isTool ? opening.subject : null,
        decision: decision.effect,
        // The message stays out: its template may repeat arguments.
        policies: policiesText(decision),
        policySet: decision.set,
        argumentsDigest: digest(canonical),
        argumentsRedacted: mode === "redacted" || mode === "sealed" ? redactedText(args, kept) : null,
        argumentsSealed: mode === "sealed" ? sealArguments(options.seal, opening, args) : null,
        argumentsFull: mode === "full" ? writeExact(args) : null,
        outcome: null,
        durationMs: null,
        traceId: opening.traceId === undefined ? null : cut(opening.traceId, MAX_CLIENT_TEXT),
        definitionDigest: opening.definitionDigest ?? null,
        facts: withGiven(facts(principal, client.userAgent), opening, digest),
        approval: opening.approval ?? null,
        challenge: opening.challenge ?? null,
        method: isTool ? null : opening.method,
        subjectKind: isTool ? null : opening.subjectKind,
        subject: isTool ? null : shownSubject(opening.subjectKind, opening.subject),
      };
    },
    closing(closing) {
      const { policies, askedMs = 0 } = closing;
      // Written out in the order of an opening: half of all rows are these, and `...EMPTY_ROW` with more keys behind it
      // takes 12 µs, because the engine makes a dictionary of it.
      return {
        at: closing.at,
        callId: closing.callId,
        kind: "closed",
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
        policies: policies === undefined || policies.length === 0 ? null : matchesText(policies),
        policySet: null,
        argumentsDigest: null,
        argumentsRedacted: null,
        argumentsSealed: null,
        argumentsFull: null,
        outcome: closing.outcome,
        // Microseconds are enough; the last digits of a clock would be noise in every row.
        durationMs: Math.round(closing.durationMs * 1000) / 1000,
        traceId: null,
        definitionDigest: null,
        facts: askedMs > 0 ? JSON.stringify({ asked_ms: askedMs }) : null,
        approval: closing.approval ?? null,
        challenge: closing.challenge ?? null,
        method: null,
        subjectKind: null,
        subject: null,
      };
    },
    act(act) {
      if (act.about === "definition") {
        return {
          ...EMPTY_ROW,
          kind: "admin",
          at: act.at,
          callId: act.upstream,
          upstream: act.upstream,
          tool: act.tool ?? null,
          outcome: act.outcome,
          definitionDigest: act.digest ?? null,
          facts: writeExact(act.difference),
        };
      }
      if (act.about === "unlisted") {
        return {
          ...EMPTY_ROW,
          kind: "admin",
          at: act.at,
          // No upstream is called so.
          callId: act.upstream ?? "_unknown",
          actor: act.actor?.subject ?? null,
          actorIssuer: act.actor?.issuer ?? null,
          actorEmail: act.actor?.email ?? null,
          upstream: act.upstream ?? null,
          outcome: CALLS_LEFT_OUT,
          facts: JSON.stringify({ calls: act.calls, since: new Date(act.since).toISOString() }),
        };
      }
      if (act.about === "refused") return refusedRow(act);
      const { about, id, at, actor, outcome } = act;
      const told = {
        ...EMPTY_ROW,
        at,
        callId: id,
        actor: actor?.subject ?? null,
        actorIssuer: actor?.issuer ?? null,
        actorEmail: actor?.email ?? null,
        outcome,
      };
      if (about === "admin") {
        return { ...told, kind: "admin", ...adminColumns(act) };
      }
      const { method = TOOL_CALL, upstream, subjectKind = "tool", subject, policies } = act;
      return {
        ...told,
        kind: "decided",
        upstream,
        ...subjectColumns(method, subjectKind, shownSubject(subjectKind, subject)),
        decision: about === "step_up" ? about : null,
        policies: JSON.stringify(policies.map((policy) => ({ policy, effect: "request_approval" }))),
        approval: about === "approval" ? id : null,
        challenge: about === "step_up" ? id : null,
      };
    },
  };
}

function unlistedRow(opening: UnlistedOpening, clientText: string, facts: ReturnType<typeof createFacts>): AuditRow {
  const { method, principal, client, upstream, subjectKind, unlisted } = opening;
  return {
    ...EMPTY_ROW,
    at: opening.at,
    callId: opening.callId,
    kind: "opened",
    actor: principal.subject,
    actorIssuer: principal.issuer,
    actorEmail: principal.email ?? null,
    client: clientText,
    clientId: principal.clientId ?? null,
    clientIp: cut(client.ip, MAX_CLIENT_TEXT),
    endpoint: opening.endpoint,
    session: opening.session ?? null,
    upstream: upstream ?? null,
    // A client may write anything there.
    ...subjectColumns(method, subjectKind, scrubText(unlisted, MAX_CLIENT_TEXT, REDACTED)),
    traceId: opening.traceId === undefined ? null : cut(opening.traceId, MAX_CLIENT_TEXT),
    facts: facts(principal, client.userAgent),
  };
}

function adminColumns({ ip, upstream, session, facts }: AdminAct) {
  return {
    clientIp: ip === undefined ? null : cut(ip, MAX_CLIENT_TEXT),
    upstream: upstream ?? null,
    session: session ?? null,
    facts: facts === undefined ? null : writeExact(facts),
  };
}

/** What a row says that it is about: of a tool its name alone, as rows always did. */
function subjectColumns(method: string, subjectKind: SubjectKind, subject: string) {
  return subjectKind === "tool" ? { tool: subject } : { method, subjectKind, subject };
}

// A URI stands on record without secrets: only here it is whole, so that the digest says which one it was.
function argumentsOf({ subjectKind, subject: uri, arguments: args }: AuditOpening): JsonObject {
  if (subjectKind !== "resource") return args;
  return Object.keys(args).length === 0 ? { uri } : { uri, arguments: args };
}

// What came stands beside what went out. The text of the facts is an object, and never an empty one.
function withGiven(facts: string, { given }: AuditOpening, digest: KeyedHash): string {
  if (given === undefined) return facts;
  return `${facts.slice(0, -1)},"given":${JSON.stringify(digest(keptJson(given).canonical))}}`;
}

// Most arguments hold no secret, and are written as they were digested.
function redactedText(args: JsonObject, kept: string): string {
  const redacted = redact(args);
  return redacted === args ? kept : writeExact(redacted);
}
