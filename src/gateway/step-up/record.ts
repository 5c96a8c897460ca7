import type { Audit, AuditAct } from "../../audit/audit.ts";
import { SUBJECT_KINDS, type SubjectKind, USES } from "../../core/subject.ts";
import type { StepUp } from "../../step-up/step-up.ts";

/**
 * Records every sign-in that came back, the refused ones with the reason. That it was asked for stands with its call.
 * Returns the function that stops it.
 */
export function recordSignIns(stepUp: Pick<StepUp, "onEvent">, audit: Pick<Audit, "record">): () => void {
  return stepUp.onEvent(({ act, reason, challenge, issuer, subject, tool: path, at }) => {
    if (act !== "met" && act !== "refused") return;
    audit.record({
      about: "step_up",
      id: challenge,
      at,
      // Whose sign-in was refused is not known for sure: it may have been anybody's.
      actor: act === "met" ? { issuer, subject, email: undefined } : undefined,
      ...aboutOf(path),
      policies: [],
      outcome: act === "met" ? "signed_in" : (reason ?? "refused"),
    });
  });
}

/** What `subjectPath` wrote. Names of upstreams hold no blank. */
function aboutOf(path: string): Pick<AuditAct, "method" | "upstream" | "subjectKind" | "subject"> {
  const slash = path.indexOf("/");
  const head = path.slice(0, slash);
  const subject = path.slice(slash + 1);
  const subjectKind: SubjectKind = OTHERS.find((kind) => head.startsWith(`${kind} `)) ?? "tool";
  const upstream = subjectKind === "tool" ? head : head.slice(subjectKind.length + 1);
  return { method: USES[subjectKind], upstream, subjectKind, subject };
}

const OTHERS: readonly SubjectKind[] = SUBJECT_KINDS.filter((kind) => kind !== "tool");
