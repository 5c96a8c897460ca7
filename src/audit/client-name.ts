import type { AuditEntry } from "../store/audit/audit-rows.ts";

/** The client of an entry, `name/version`; `undefined` where it did not say, or nobody called. */
export function clientName({ client }: Pick<AuditEntry, "client">): string | undefined {
  return client === null || client === "" || client === "/" ? undefined : client;
}
