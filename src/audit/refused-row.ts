import type { AdminOutcome } from "../core/call-outcome.ts";
import { cut } from "../core/display.ts";
import { type AuditRow, EMPTY_ROW } from "../store/audit/audit-row.ts";
import type { RefusalAct } from "./audit.ts";

const MAX_ADDRESS = 128;

/** The row of requests that were refused. A sign-in to the console that fails is an act at the gateway, as one that does not. */
export function refusedRow(act: RefusalAct): AuditRow {
  const { at, id, code, where, ip, credential, issuer, method, endpoint, actor, count, since } = act;
  const isSignIn = where === "sign_in";
  const told = { at: where, credential, claimed_issuer: issuer, count, since: since && new Date(since).toISOString() };
  return {
    ...EMPTY_ROW,
    at,
    callId: id,
    kind: isSignIn ? "admin" : "refused",
    actor: actor?.subject ?? null,
    actorIssuer: actor?.issuer ?? null,
    actorEmail: actor?.email ?? null,
    clientIp: ip === undefined ? null : cut(ip, MAX_ADDRESS),
    endpoint: endpoint ?? null,
    outcome: isSignIn ? CONSOLE_SIGN_IN_REFUSED : code,
    // JSON leaves out what is undefined.
    facts: JSON.stringify(isSignIn ? { ...told, reason: code } : told),
    method: method ?? null,
  };
}

/** What the row of a sign-in to the console says that failed. */
const CONSOLE_SIGN_IN_REFUSED = "console_sign_in_refused" satisfies AdminOutcome;
