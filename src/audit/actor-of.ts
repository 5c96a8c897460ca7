import { knownAs } from "../core/known-as.ts";
import type { AuditEntry } from "../store/audit-rows.ts";

/** By what whoever acted is named to people; `undefined`: it was nobody in particular, or the gateway. */
export function actorOf({ actor, actorIssuer, actorEmail }: AuditEntry): string | undefined {
  return actor === null
    ? (actorEmail ?? undefined)
    : knownAs({ issuer: actorIssuer, subject: actor, email: actorEmail });
}
