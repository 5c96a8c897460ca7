import type { Audit } from "../../audit/audit.ts";
import type { StepUp } from "../../step-up/step-up.ts";

/**
 * Records every sign-in that came back, the refused ones with the reason. That it was asked for stands with its call.
 * Returns the function that stops it.
 */
export function recordSignIns(stepUp: Pick<StepUp, "onEvent">, audit: Pick<Audit, "record">): () => void {
  return stepUp.onEvent(({ act, reason, challenge, issuer, subject, tool: path, at }) => {
    if (act !== "met" && act !== "refused") return;
    const slash = path.indexOf("/");
    audit.record({
      about: "step_up",
      id: challenge,
      at,
      // Whose sign-in was refused is not known for sure: it may have been anybody's.
      actor: act === "met" ? { issuer, subject, email: undefined } : undefined,
      upstream: path.slice(0, slash),
      tool: path.slice(slash + 1),
      policies: [],
      outcome: act === "met" ? "signed_in" : (reason ?? "refused"),
    });
  });
}
