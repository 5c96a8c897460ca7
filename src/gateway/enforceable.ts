import type { Stop } from "../core/decision.ts";

/** What a refused caller is told: approvals and step-up cannot be given yet, and the text says so. */
export function enforceable(decision: Stop): Stop {
  switch (decision.effect) {
    case "hide":
    case "deny":
    case "rate_limit":
      return decision;
    case "request_approval":
      return refuseFor(decision, "needs an approval, which this gateway cannot ask for yet");
    case "step_up":
      return refuseFor(decision, "needs a stronger sign-in, which this gateway cannot ask for yet");
    default:
      return decision satisfies never;
  }
}

function refuseFor(decision: Extract<Stop, { effect: "request_approval" | "step_up" }>, why: string): Stop {
  const text = decision.message === "" ? "" : ` ${decision.message}`;
  return { ...decision, message: `Not executed: the call ${why} (policy ${decision.policy}).${text}` };
}
