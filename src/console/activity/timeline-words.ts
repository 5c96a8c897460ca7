import type { ApprovalEvent } from "../../core/approval.ts";
import type { SignInOutcome } from "../../core/call-outcome.ts";
import type { BadgeTone } from "../components/badge.tsx";

interface Words {
  readonly text: string;
  readonly tone: BadgeTone;
}

/** What somebody did to a request for approval, to follow their name. */
export function actWords({ act, to }: Pick<ApprovalEvent, "act" | "to">): Words {
  switch (act) {
    case "request":
      return { text: "asked for approval.", tone: "wait" };
    case "approve":
      return {
        text: to === "approved" ? "approved it: the call may be run." : "approved it; others have to, too.",
        tone: "good",
      };
    case "reject":
      return { text: "rejected it.", tone: "bad" };
    case "expire":
      return {
        text: to === "expired" ? "let it expire: its time was over." : "noted that its time was over.",
        tone: "warn",
      };
    case "escalate":
      return { text: "asked a wider circle.", tone: "calm" };
    case "remind":
      return { text: "reminded the approvers.", tone: "calm" };
    case "cancel":
      return { text: "took it back.", tone: "calm" };
    case "invalidate":
      return { text: "withdrew it: what it was bound to has changed.", tone: "warn" };
    case "claim":
      return { text: "began to run the call.", tone: "calm" };
    case "succeed":
      return { text: "ran the call, and it went well.", tone: "good" };
    case "fail":
      return { text: "ran the call, and it failed.", tone: "bad" };
    case "lose":
      return { text: "lost the run: nobody knows whether it happened.", tone: "bad" };
    case "resolve":
      return { text: `noted what had become of the run: it ${to}.`, tone: "calm" };
    case "deliver":
      return { text: "told the requester how it ended.", tone: "calm" };
    default:
      return act satisfies never;
  }
}

const REFUSED: Readonly<Record<string, string>> = {
  unknown: "The sign-in came back for a request that was not there any more.",
  expired: "The sign-in came back too late.",
  met: "The sign-in came back a second time. It counted for nothing.",
  spent: "Too many attempts at this sign-in had failed.",
  replayed: "An answer of the identity provider came that had been used before. It counted for nothing.",
  foreign_state: "The sign-in came back in another browser than it was begun in. It counted for nothing.",
  mixed_up_issuer: "Another identity provider answered than was asked. It counted for nothing.",
  cancelled: "The person said no at the identity provider.",
  wrong_user: "Somebody else signed in than the caller. It counted for nothing.",
  too_weak: "The sign-in was weaker than the policy asks. It counted for nothing.",
  too_old: "The sign-in was older than the policy asks. It counted for nothing.",
  provider_refused: "The identity provider refused, or its answer was not valid.",
  provider_unreachable: "The identity provider did not answer.",
  foreign_page: "The sign-in was asked for by a page that is not the gateway’s.",
  refused: "The sign-in was refused, and no reason is on record.",
} satisfies Record<Exclude<SignInOutcome, "signed_in">, string>;

/** What came of a sign-in, by its outcome on record. */
export function stepUpWords(outcome: string | null): Words {
  if (outcome === "signed_in") return { text: "The caller signed in, as strongly as was asked.", tone: "good" };
  return {
    text: REFUSED[outcome ?? ""] ?? `The sign-in was refused: ${outcome ?? "no reason is on record"}.`,
    tone: "bad",
  };
}
