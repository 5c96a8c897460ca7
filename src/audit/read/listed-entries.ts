import type { AuditFilter } from "../../store/audit/audit-rows.ts";

/** What a list shows: refused requests are no calls, and stand in it only where a kind, a code, an outcome or an id asks for them. */
export function listedEntries(filter: AuditFilter): AuditFilter {
  const { kind, code, outcome, call } = filter;
  const asked = [kind, code, outcome, call].some((value) => value !== undefined);
  return asked ? filter : { ...filter, without: "refused" };
}
