import type { BadgeTone } from "./components/badge.tsx";

interface OutcomeWords {
  readonly text: string;
  readonly tone: BadgeTone;
}

const OUTCOMES: Readonly<Record<string, OutcomeWords>> = {
  ok: { text: "The server answered.", tone: "good" },
  tool_error: { text: "The tool reported an error.", tone: "bad" },
  rpc_error: { text: "The server refused the call.", tone: "bad" },
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
  TOOL_UNKNOWN: { text: "No tool of this name was known.", tone: "warn" },
  unreadable: {
    text: "This row of the record was changed and cannot be read. Run `portcullis audit verify`.",
    tone: "bad",
  },
  calls_left_out: { text: "More calls of tools that nobody knew, only counted.", tone: "warn" },
  UPSTREAM_UNAVAILABLE: { text: "The server could not be reached.", tone: "bad" },
  UPSTREAM_REFUSED: { text: "The server refused the gateway's credential.", tone: "bad" },
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
