import type { ExecutionEnd } from "../../approvals/approvals.ts";
import type { CallOutcome } from "../../core/call-outcome.ts";
import { ERRORS } from "../../core/errors.ts";
import { RawJson } from "../../core/raw-json.ts";
import type { Round, UpstreamFault } from "../../core/round.ts";
import type { SubjectKind } from "../../core/subject.ts";
import { withoutWords } from "../../upstream/process/last-words.ts";
import { questionText, spentText } from "../approval-texts.ts";
import type { ResponseFilter } from "../filters/response-filter.ts";
import { encodeOutcome, type StoredOutcome } from "./stored-outcome.ts";

/** How a run ended: for the request, and for the audit. */
export interface RunEnd {
  readonly execution: ExecutionEnd;
  readonly recordAs: CallOutcome;
}

/** Brings what an upstream answered in an approved run to its end. A question has nobody to answer it: it is given up. */
export async function endRun(round: Round, filter: ResponseFilter | undefined, kind: SubjectKind): Promise<RunEnd> {
  switch (round.kind) {
    case "result": {
      const result = filter === undefined ? round.result : await filter.result(round.result);
      if (result === undefined) {
        return { execution: ended({ kind: "withheld" }, false), recordAs: "RESULT_WITHHELD" };
      }
      const isError = kind === "tool" && result.member("isError") === true;
      return { execution: ended({ kind: "result", result }, isError), recordAs: isError ? "tool_error" : "ok" };
    }
    case "error": {
      const error = filter === undefined ? round.error : filter.error(round.error);
      return { execution: ended({ kind: "error", error }, true), recordAs: "rpc_error" };
    }
    case "input_required":
      round.abandon("nobody is there to answer: the call runs with an approval");
      return { execution: ended(told(questionText(kind), kind), true), recordAs: "abandoned" };
    case "fault":
      return { execution: faultEnd(round.fault, kind), recordAs: round.fault.code };
    default:
      return round satisfies never;
  }
}

function faultEnd(fault: UpstreamFault, kind: SubjectKind): ExecutionEnd {
  if (fault.executed === "unknown")
    return { kind: "indeterminate", why: `${fault.code}: ${withoutWords(fault.detail)}` };
  return ended(told(spentText(ERRORS[fault.code].message, fault.upstream, kind), kind), true);
}

// Only a tool has results that say what went wrong.
function told(text: string, kind: SubjectKind): StoredOutcome {
  if (kind !== "tool") return { kind: "error", error: { code: ERRORS.INTERNAL.rpc, message: text } };
  return { kind: "result", result: RawJson.fromValue({ content: [{ type: "text", text }], isError: true }) };
}

function ended(outcome: StoredOutcome, isError: boolean): ExecutionEnd {
  return { kind: isError ? "failed" : "succeeded", result: encodeOutcome(outcome), isError };
}
