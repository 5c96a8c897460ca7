import { type AuthorizeRequirement, allows, type Decision, type Match, type Said } from "../core/decision.ts";

/** What a question was about, and what the answer was. */
export interface GivenAnswer {
  readonly effect: "authorize" | "guard";
  readonly question: AuthorizeRequirement;
  readonly said: Said;
}

/** Whether an answer lets the request go on, with what it has or with something else. */
export function letsPass({ answer }: Said): boolean {
  return answer === "allow" || answer === "pass" || answer === "replace";
}

/**
 * The decision with what was said on record in it; one that lets the request through is refused by the first of these policies, in
 * their order, whose answer is no or none. An answer to a policy in shadow refuses nothing. Pure.
 */
export function withAnswers(decision: Decision, answers: readonly GivenAnswer[]): Decision {
  const matched = answers.filter(({ question }) => !question.shadow).reduce(recorded, decision.matched);
  const shadows = answers.filter(({ question }) => question.shadow);
  const unapplied = shadows.length === 0 ? decision.unapplied : shadows.reduce(recorded, decision.unapplied ?? []);
  const report = { matched, set: decision.set, ...(unapplied && { unapplied }) };
  const no = answers.find(({ question, said }) => !question.shadow && !letsPass(said));
  if (no === undefined || !allows(decision)) return { ...decision, ...report };
  return { ...report, effect: "deny", policy: no.question.policy, message: refusalText(no) };
}

/** What the agent is told. The reason only where the policy says so: it is somebody else's, and may hold anything. */
function refusalText({ question: { message, showReason }, said: { answer, reason } }: GivenAnswer): string {
  return answer === "deny" && showReason && reason !== undefined ? `${message} (${reason})` : message;
}

function recorded(matches: readonly Match[], { effect, question, said }: GivenAnswer): readonly Match[] {
  const { policy, shadow } = question;
  const at = matches.findIndex((match) => match.policy === policy);
  if (at >= 0) return matches.map((match, index) => (index === at ? { ...match, said } : match));
  const mode = shadow ? ({ mode: "shadow" } as const) : {};
  // One that no longer matches what a guard has put in place has been asked all the same.
  return [...matches, { policy, effect, because: "condition", ...mode, said }];
}
