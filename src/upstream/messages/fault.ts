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

/** Why a request ended with its deadline. `progressed`: progress came until then. */
export function noAnswer(timeoutMs: number, progressed: boolean): string {
  const more = progressed ? " (its timeout), though progress came, which does not lengthen it" : "";
  return `No answer within ${timeoutMs} ms${more}.`;
}
