import type { BadgeTone } from "../components/badge.tsx";

/** A decision in words: in lists, in the legend of a chart, after a number, as a colour. */
export interface DecisionWords {
  readonly value: string;
  readonly label: string;
  readonly figure: string;
  readonly counted: string;
  readonly tone: BadgeTone;
}

/** Every decision, in the order of figures. */
export const DECISIONS: readonly DecisionWords[] = [
  { value: "allow", label: "allowed", figure: "Allowed", counted: "allowed", tone: "good" },
  {
    value: "request_approval",
    label: "needs approval",
    figure: "Approval",
    counted: "sent to approvers",
    tone: "wait",
  },
  { value: "step_up", label: "needs a sign-in", figure: "Sign-in", counted: "that need a sign-in", tone: "calm" },
  { value: "rate_limit", label: "rate limited", figure: "Rate limit", counted: "over a rate limit", tone: "warn" },
  { value: "deny", label: "denied", figure: "Denied", counted: "denied", tone: "bad" },
  { value: "hide", label: "hidden", figure: "Hidden", counted: "to a hidden tool", tone: "bad" },
];

/** The words for a decision on record; the word itself where this version does not know it. */
export function decisionWords(decision: string): DecisionWords {
  const known = DECISIONS.find(({ value }) => value === decision);
  return known ?? { value: decision, label: decision, figure: decision, counted: decision, tone: "calm" };
}

interface OutcomeWords {
  readonly text: string;
  readonly tone: BadgeTone;
}

const OUTCOMES: Readonly<Record<string, OutcomeWords>> = {
  ok: { text: "The server answered.", tone: "good" },
  tool_error: { text: "The tool reported an error.", tone: "warn" },
  rpc_error: { text: "The server refused the call.", tone: "warn" },
  denied: { text: "The call was refused and not made.", tone: "bad" },
  cancelled: { text: "The client cancelled the call.", tone: "calm" },
  abandoned: {
    text: "The server asked something in the middle of the run, and nobody was there to answer.",
    tone: "bad",
  },
  approval_pending: { text: "The call waits for approval: a request was opened.", tone: "wait" },
  approval_joined: { text: "The call joined a request for approval that was there already.", tone: "wait" },
  approval_taken: { text: "Another process ran the approved call.", tone: "calm" },
  step_up_pending: { text: "The caller was sent to sign in.", tone: "wait" },
  step_up_joined: { text: "The caller was sent to a sign-in that was open already.", tone: "wait" },
  step_up_declined: { text: "The caller would not sign in.", tone: "bad" },
  step_up_taken: { text: "The sign-in had served another call.", tone: "warn" },
  RESULT_WITHHELD: { text: "The call was made, and its result withheld.", tone: "warn" },
  UPSTREAM_UNAVAILABLE: { text: "The server could not be reached.", tone: "bad" },
  UPSTREAM_BUSY: { text: "The server had too many calls in flight.", tone: "bad" },
  UPSTREAM_TIMEOUT: { text: "The server did not answer in time.", tone: "bad" },
  UPSTREAM_CLOSED: { text: "The server went away during the call.", tone: "bad" },
  UPSTREAM_INVALID: { text: "The server's answer was not MCP.", tone: "bad" },
  UPSTREAM_TOO_LARGE: { text: "The server's answer was too large.", tone: "bad" },
};

/** What an outcome means. `null`: the call has not ended, or its end was never recorded. */
export function outcomeWords(outcome: string | null): OutcomeWords {
  if (outcome === null) return { text: "No end is on record: the call runs, or the gateway was killed.", tone: "warn" };
  return OUTCOMES[outcome] ?? { text: `It ended with ${outcome}.`, tone: "calm" };
}

/** How long something took: `3.4 ms`, `120 ms`, `1.2 s`, `4 min`, `3.1 h`. */
export function lengthText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${ms.toFixed(0)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${(ms / 60_000).toFixed(0)} min`;
  return ms < 48 * 3_600_000 ? `${(ms / 3_600_000).toFixed(1)} h` : `${(ms / 86_400_000).toFixed(1)} d`;
}

/** A number with its thousands apart. */
export function countText(n: number): string {
  return n.toLocaleString("en-US");
}
