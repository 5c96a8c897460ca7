import { isFormRefusal } from "../core/call-outcome.ts";
import type { Decision } from "../core/decision.ts";
import type { AuditEntry } from "../store/audit/audit-rows.ts";
import type { BadgeTone } from "./components/badge.tsx";

/** A decision in words: in lists, in the legend of a chart, after a number, as a colour. */
export interface DecisionWords {
  readonly value: string;
  readonly label: string;
  readonly figure: string;
  readonly counted: string;
  readonly tone: BadgeTone;
}

/** Every decision, in the order of figures. */
export const DECISIONS: readonly DecisionWords[] = Object.entries({
  allow: { label: "allowed", figure: "Allowed", counted: "allowed", tone: "calm" },
  request_approval: { label: "needs approval", figure: "Approval", counted: "sent to approvers", tone: "wait" },
  step_up: { label: "needs a sign-in", figure: "Sign-in", counted: "that need a sign-in", tone: "calm" },
  rate_limit: { label: "rate limited", figure: "Rate limit", counted: "over a rate limit", tone: "warn" },
  deny: { label: "denied", figure: "Denied", counted: "denied", tone: "bad" },
  hide: { label: "hidden", figure: "Hidden", counted: "to a hidden tool", tone: "bad" },
} satisfies Record<Decision["effect"], Omit<DecisionWords, "value">>).map(([value, words]) => ({ value, ...words }));

/** The words for a decision on record; the word itself where this version does not know it. */
export function decisionWords(decision: string): DecisionWords {
  const known = DECISIONS.find(({ value }) => value === decision);
  return known ?? { value: decision, label: decision, figure: decision, counted: decision, tone: "calm" };
}

/** What was decided about a call, or why nothing was. */
export function callWords({
  decision,
  outcome,
  subjectKind,
}: Pick<AuditEntry, "decision" | "outcome" | "subjectKind">): {
  readonly label: string;
  readonly tone: BadgeTone;
} {
  if (decision !== null) return decisionWords(decision);
  return { label: isFormRefusal(outcome) ? "malformed call" : `unknown ${subjectKind ?? "tool"}`, tone: "calm" };
}
