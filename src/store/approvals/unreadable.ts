import type { FlowSnapshot } from "../../core/approval.ts";
import { createReadableRows } from "../database/readable-rows.ts";
import { objectIn } from "../database/stored-json.ts";
import { UNREADABLE } from "../database/stored-texts.ts";
import { StoreError } from "../store-error.ts";
import { type DecisionRow, decisionOf, type RequestRow, recordOf } from "./rows.ts";
import { approvalDecisions, approvalEvents, approvalRequests } from "./schema.ts";

/*
 * A request whose seal does not fit is shown, and can be approved and run by nobody. Where somebody wrote into it what cannot be
 * read, neutral values stand there, so that lists, pages and what goes by time see to all others.
 */

const requests = createReadableRows(approvalRequests);
const votes = createReadableRows(approvalDecisions);

/** Of rows of `approval_events`. */
export const readableEvents = createReadableRows(approvalEvents);

const NOBODY: FlowSnapshot = {
  flows: [{ name: UNREADABLE, digest: UNREADABLE, notify: [] }],
  stages: [{ flow: UNREADABLE, approvers: { roles: [], users: [] }, required: 1, escalate: undefined }],
  executeTtlMs: 0,
  requesterMayApprove: false,
  reason: "never",
};

const ARGUMENTS = { table: "approval_requests", column: "arguments_redacted" };

/** A request whose seal does not fit, with what can be read of it. Its state is what it was where that is a word of ours. */
export function readableRequest(given: RequestRow): RequestRow {
  const row = requests.readable(given);
  const plain = { ...row, policies: "[]", traces: null, flowSnapshot: JSON.stringify(NOBODY) };
  return {
    ...row,
    argumentsRedacted: isReadable(() => objectIn(row.argumentsRedacted, ARGUMENTS)) ? row.argumentsRedacted : "{}",
    policies: isReadable(() => recordOf({ ...plain, policies: row.policies })) ? row.policies : plain.policies,
    traces: isReadable(() => recordOf({ ...plain, traces: row.traces })) ? row.traces : plain.traces,
    flowSnapshot: isReadable(() => recordOf({ ...plain, flowSnapshot: row.flowSnapshot }))
      ? row.flowSnapshot
      : plain.flowSnapshot,
  };
}

/** The same of a vote on it. */
export function readableVote(given: DecisionRow): DecisionRow {
  const row = votes.readable(given);
  return isReadable(() => decisionOf(row)) ? row : { ...row, approverTraces: null };
}

function isReadable(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (err) {
    if (err instanceof StoreError && err.code === "STORE_ROW_MALFORMED") return false;
    throw err;
  }
}
