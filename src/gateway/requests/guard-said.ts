import type { Said } from "../../core/decision.ts";
import type { GuardAnswer } from "../../guards/guards.ts";

/** What a guard said, as it is on record. */
export function saidByGuard(by: string, answer: GuardAnswer): Said {
  if (answer.kind === "error") return { by, answer: "error", reason: answer.error };
  const { kind, labels } = answer;
  const reason = kind === "deny" ? answer.message : undefined;
  return { by, answer: kind, ...(reason !== undefined && { reason }), ...(labels.length > 0 && { labels }) };
}
