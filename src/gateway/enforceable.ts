import type { Stop } from "../core/decision.ts";

/** A decision that stops a call for whoever makes it: approvals are asked for instead. */
export type Refused = Exclude<Stop, { effect: "request_approval" }>;

/** What a refused caller is told: step-up cannot be given yet, and the text says so. */
export function enforceable(decision: Refused): Refused {
  switch (decision.effect) {
    case "hide":
    case "deny":
    case "rate_limit":
      return decision;
    case "step_up": {
      const why = "needs a stronger sign-in, which this gateway cannot ask for yet";
      const text = decision.message === "" ? "" : ` ${decision.message}`;
      return { ...decision, message: `Not executed: the call ${why} (policy ${decision.policy}).${text}` };
    }
    default:
      return decision satisfies never;
  }
}
