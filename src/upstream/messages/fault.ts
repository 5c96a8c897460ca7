import type { Deadline } from "../../core/deadline.ts";
import type { FaultRound, UpstreamFault } from "../../core/round.ts";

/** Makes a fault round. `detail` is for operators: never arguments, results or secrets. */
export function faultRound(
  upstream: string,
  code: UpstreamFault["code"],
  executed: UpstreamFault["executed"],
  detail: string,
): FaultRound {
  return { kind: "fault", fault: { code, upstream, detail, executed } };
}

/** The words for a caught fault: its code if it has one, else its message, cut to one short line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const message = error.message.split("\n", 1)[0]?.slice(0, 200) ?? "";
  return code === undefined || message.includes(code) ? message : `${code}: ${message}`;
}

/** A request with the deadline of its upstream. */
export interface Timed {
  readonly timeoutMs: number;
  readonly request: { readonly deadline?: Deadline | undefined };
}

/** How long it may take, in ms. */
export function deadlineMs({ timeoutMs, request }: Timed): number {
  return request.deadline?.ms ?? timeoutMs;
}

/** Why it ended with its deadline. `progressed`: progress came until then. */
export function noAnswer(timed: Timed, progressed: boolean): string {
  const setBy = timed.request.deadline?.setBy;
  const name = setBy === undefined ? "" : ` (${setBy})`;
  const more = progressed ? `${name || " (its timeout)"}, though progress came, which does not lengthen it` : name;
  return `No answer within ${deadlineMs(timed)} ms${more}.`;
}
