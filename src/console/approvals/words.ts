import type { ApprovalAct, ApprovalRequest, ApprovalState, ReasonRule } from "../../core/approval.ts";
import { subjectKindOf } from "../../core/subject.ts";
import type { CallStanding } from "../../operations/approvals/approvals.ts";
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

/** What keeps the call of a request that is not over from being run: on its page, and in a list. */
export const OBSTACLES = {
  tool_changed: {
    badge: "its tool has changed",
    text: "Its server describes this tool in other words now than when it was called. Even if it is approved, it will not be run: the agent has to ask again.",
  },
  tool_gone: {
    badge: "its tool is gone",
    text: "Its server no longer lists this tool. Even if it is approved, it will not be run.",
  },
  server_gone: {
    badge: "its server is gone",
    text: "Its server is no longer configured here. Even if it is approved, it will not be run.",
  },
  server_down: {
    badge: "its server is down",
    text: "Its server is down. Even if it is approved, it will not be run before that is reached again.",
  },
} as const satisfies Record<Exclude<CallStanding, "as_asked">, { readonly badge: string; readonly text: string }>;

/** What keeps it from being run; nothing where it is over. */
export function obstacleOf({ state, method }: Pick<ApprovalRequest, "state" | "method">, standing: CallStanding) {
  const open = state === "pending" || state === "approved";
  if (!open || standing === "as_asked") return undefined;
  const obstacle = OBSTACLES[standing];
  const kind = subjectKindOf(method);
  if (kind === "tool") return obstacle;
  return { badge: obstacle.badge.replace("tool", kind), text: obstacle.text.replace("tool", kind) };
}

/** What the state of a request means as things are, and whether its agent could have it run. */
export function meaningOf(
  state: ApprovalState,
  standing: CallStanding,
): { readonly means: string; readonly runs: boolean } {
  const { means } = STATES[state];
  if (state !== "approved" || standing === "as_asked") return { means, runs: true };
  return standing === "server_down"
    ? { means: "It may run once its server is reached again, and has not been started yet.", runs: true }
    : { means: "It has not been started, and will not be as things are.", runs: false };
}

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
