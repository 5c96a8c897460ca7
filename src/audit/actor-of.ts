import { isObject } from "../core/json.ts";
import { knownAs } from "../core/known-as.ts";
import type { AuditEntry } from "../store/audit/audit-rows.ts";
import { jsonIn } from "./read/read-matches.ts";

/** By what whoever acted is named to people; `undefined`: it was nobody in particular, or the gateway. */
export function actorOf({ actor, actorIssuer, actorEmail }: AuditEntry): string | undefined {
  return actor === null
    ? (actorEmail ?? undefined)
    : knownAs({ issuer: actorIssuer, subject: actor, email: actorEmail });
}

/** Who acted for whoever made a call, the last one first, as `issuer|subject`; empty where they came themselves. */
export function actedBy({ kind, facts }: AuditEntry): string[] {
  const known = kind === "opened" ? jsonIn(facts) : undefined;
  const names: unknown = isObject(known) ? known["acted_by"] : undefined;
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}
