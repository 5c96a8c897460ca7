import { CALLS_LEFT_OUT } from "../../core/call-outcome.ts";
import type { AuditEntry } from "../../store/audit/audit-rows.ts";
import { callWords } from "../call-words.ts";
import { Badge } from "./badge.tsx";

/** What was decided, or what stands in its place. */
export function DecisionBadge({ entry }: { readonly entry: AuditEntry }) {
  const { decision, kind, outcome } = entry;
  if (outcome === CALLS_LEFT_OUT) return <Badge tone="calm">only counted</Badge>;
  if (kind === "admin") return <Badge tone="calm">administration</Badge>;
  if (kind === "refused") return <Badge tone="warn">refused</Badge>;
  if (kind === "decided") return <Badge tone="calm">{decision === "step_up" ? "sign-in" : "approval"}</Badge>;
  const { tone, label } = callWords(entry);
  return <Badge tone={tone}>{label}</Badge>;
}
