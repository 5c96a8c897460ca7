import type { ApprovalAct, ApprovalState, ReasonRule } from "../../core/approval.ts";
import type { BadgeTone } from "../components/badge.tsx";

/** What a state is called on pages, how it looks, and what it means. */
export const STATES = {
  pending: { name: "waiting", tone: "wait", means: "People have to decide." },
  approved: { name: "approved", tone: "good", means: "It may run, and has not been started yet." },
  executing: { name: "running", tone: "wait", means: "Its server has it." },
  succeeded: { name: "done", tone: "good", means: "It ran, and its server reports no error." },
  failed: { name: "failed", tone: "bad", means: "It was started once and did not succeed. It is not run again." },
  indeterminate: {
    name: "nobody knows",
    tone: "bad",
    means: "It may or may not have run. It is not run again; an administrator finds out and closes it.",
  },
  rejected: { name: "rejected", tone: "bad", means: "It does not run. Who asked is told the reason." },
  expired: { name: "expired", tone: "calm", means: "Its time was over. It does not run." },
  cancelled: { name: "taken back", tone: "calm", means: "Who asked has taken it back. It does not run." },
  invalidated: {
    name: "no longer valid",
    tone: "calm",
    means: "Something changed meanwhile. It does not run as it is.",
  },
} as const satisfies Record<ApprovalState, { readonly name: string; readonly tone: BadgeTone; readonly means: string }>;

/** What happened, after the name of who did it or as a sentence of its own. */
export const ACT_WORDS = {
  request: "asked",
  approve: "approved",
  reject: "rejected",
  expire: "Time was over",
  escalate: "More people may decide",
  remind: "The approvers were reminded",
  cancel: "took it back",
  invalidate: "No longer valid",
  claim: "Started",
  succeed: "Done",
  fail: "Failed",
  lose: "Lost sight of the run",
  resolve: "said how it ended",
  deliver: "Who asked knows how it ended",
} as const satisfies Record<ApprovalAct, string>;

/** When a decision needs a reason, for who writes it. */
export const REASON_HINTS = {
  never: "You need not give one. Everybody who sees the request reads it.",
  on_reject: "Needed to reject. Everybody who sees the request reads it, the agent too.",
  always: "Needed. Everybody who sees the request reads it, the agent too.",
} as const satisfies Record<ReasonRule, string>;
