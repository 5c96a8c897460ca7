import type { Round, UpstreamFault } from "../../core/round.ts";
import { faultRound } from "../messages/fault.ts";
import type { Lost } from "./connection.ts";

/** What is answered where a request that was lost does not go out again: what the server said, or this fault. */
export function lostRound(
  upstream: string,
  lost: Lost,
  code: UpstreamFault["code"],
  executed: UpstreamFault["executed"],
): Round {
  if (lost.error !== undefined) return { kind: "error", error: lost.error };
  const { fault } = faultRound(upstream, code, executed, lost.detail);
  return { kind: "fault", fault: lost.said === undefined ? fault : { ...fault, said: lost.said } };
}
