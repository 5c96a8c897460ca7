/** Outcomes on record that are a server's fault: it could not be reached, or gave no answer that anybody could use. */
export const SERVER_FAULTS: readonly string[] = [
  "UPSTREAM_UNAVAILABLE",
  "UPSTREAM_REFUSED",
  "UPSTREAM_BUSY",
  "UPSTREAM_TIMEOUT",
  "UPSTREAM_CLOSED",
  "UPSTREAM_INVALID",
  "UPSTREAM_TOO_LARGE",
];

/** Words that stand for several outcomes on record. `failed`: allowed, and the caller did not get what it asked the tool for. */
export const OUTCOME_GROUPS = {
  failed: ["tool_error", "rpc_error", "abandoned", ...SERVER_FAULTS],
  fault: SERVER_FAULTS,
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The outcomes that a word asks for: those of a group, or itself. */
export function outcomesOf(word: string): readonly string[] {
  return word === "failed" || word === "fault" ? OUTCOME_GROUPS[word] : [word];
}

/** Whether a call that ended so failed. `null`: it has not ended, or its end was never recorded. */
export function hasFailed(outcome: string | null): boolean {
  return outcome !== null && OUTCOME_GROUPS.failed.includes(outcome);
}
