import type { AuditEntry } from "../store/audit/audit-rows.ts";

/**
 * Whether an entry is the run of an approved call, and not a client's call: it names its approval from the beginning; who asked
 * for it hears of it at the end.
 */
export function isRun({ kind, approval, outcome }: Pick<AuditEntry, "kind" | "approval" | "outcome">): boolean {
  return kind === "opened" && approval !== null && outcome !== "approval_pending" && outcome !== "approval_joined";
}
