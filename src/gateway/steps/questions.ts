import type { Cancellation } from "../../core/cancellation.ts";
import { type Allowed, allows, type Decision, type GuardRequirement, type Said } from "../../core/decision.ts";
import { canonicalJson } from "../../core/json.ts";
import type { DecisionPoints } from "../../decision-points/decision-points.ts";
import type { Guards } from "../../guards/guards.ts";
import type { Answers } from "../../policy/answer.ts";
import type { PolicyInput } from "../../policy/policy-set.ts";
import { type GivenAnswer, letsPass, withAnswers } from "../../policy/said.ts";
import { REQUEST_KINDS } from "../requests/kinds.ts";
import { givenTo, type Subject } from "../requests/subject.ts";
import type { DecidedRequest } from "./decided-request.ts";

export interface QuestionsDeps {
  readonly decisionPoints: Pick<DecisionPoints, "ask">;
  readonly guards: Pick<Guards, "check">;
  readonly answers: Pick<Answers, "again">;
}

/** Who gives a request up, and what it may become. */
export interface RequestWay {
  readonly cancellation: Cancellation;
  /** Whether it may go on with other arguments, which a guard has put in place of its own. */
  goesOnWith(subject: Subject): boolean;
}

/** Asks whoever a decision says is to be asked. */
export interface Questions {
  /** The decision once its decision points have answered. @throws never */
  authorized(decision: Allowed, input: PolicyInput, cancellation: Cancellation): Promise<Decision>;
  /**
   * The same once its guards have seen the request, too. Where one of them has replaced the arguments, it is decided anew with
   * those, once, and whoever is new to it is asked. @throws never
   */
  answered(decided: DecidedRequest, way: RequestWay): Promise<DecidedRequest>;
}

/** Whether there is anybody to ask. */
export function hasQuestions({ authorize, guards }: Decision): boolean {
  return authorize !== undefined || guards !== undefined;
}

export function createQuestions({ decisionPoints, guards, answers }: QuestionsDeps): Questions {
  // All at once: the request waits for the slowest, not for their sum.
  async function authorized(decision: Allowed, input: PolicyInput, cancellation: Cancellation): Promise<Decision> {
    const { authorize = [] } = decision;
    if (authorize.length === 0) return decision;
    const said = await Promise.all(
      authorize.map(async (question): Promise<GivenAnswer> => {
        const answer = await decisionPoints.ask(question.by, input, cancellation);
        const reason = answer.kind === "deny" ? answer.reason : answer.kind === "error" ? answer.error : undefined;
        const said = { by: question.by, answer: answer.kind, ...(reason !== undefined && { reason }) };
        return { effect: "authorize", question, said };
      }),
    );
    return withAnswers(decision, said);
  }

  /** Shows the request to one guard. `content`: what it puts in place of the arguments. */
  async function shown(
    question: GuardRequirement,
    { subject, input }: DecidedRequest,
    mayReplace: boolean,
    way: RequestWay,
  ): Promise<{ readonly said: Said; readonly replaced?: Subject }> {
    const { by } = question;
    const args = givenTo(subject);
    const answer = await guards.check(by, "request", input, args, way.cancellation);
    if (answer.kind === "error") return { said: { by, answer: "error", reason: answer.error } };
    const labels = answer.labels.length > 0 && { labels: answer.labels };
    if (answer.kind === "deny") {
      return {
        said: { by, answer: "deny", ...(answer.message !== undefined && { reason: answer.message }), ...labels },
      };
    }
    // The same again is none.
    if (answer.kind === "pass" || canonicalJson(answer.content) === canonicalJson(args)) {
      return { said: { by, answer: "pass", ...labels } };
    }
    if (question.shadow) return { said: { by, answer: "replace", ...labels } };
    const replaced = { ...subject, arguments: answer.content };
    const why = whyNot(subject, mayReplace) ?? (way.goesOnWith(replaced) ? undefined : APPROVED);
    if (why !== undefined) return { said: { by, answer: "error", reason: why, ...labels } };
    return { said: { by, answer: "replace", ...labels }, replaced };
  }

  async function answered(first: DecidedRequest, way: RequestWay): Promise<DecidedRequest> {
    let made = first;
    const looked: GivenAnswer[] = [];
    for (let decidedAnew = false; ; decidedAnew = true) {
      if (!allows(made.decision) || made.misfit !== undefined) return withLooks(made, looked);
      const decision = await authorized(made.decision, made.input, way.cancellation);
      made = { ...made, decision };
      if (!allows(decision)) return withLooks(made, looked);
      const before = made.subject;
      for (const question of decision.guards ?? []) {
        if (!question.phases.includes("request") || looked.some((it) => it.question.policy === question.policy))
          continue;
        const { said, replaced } = await shown(question, made, !decidedAnew, way);
        looked.push({ effect: "guard", question, said });
        if (!question.shadow && !letsPass(said)) return withLooks(made, looked);
        if (replaced !== undefined) made = about(made, replaced);
      }
      if (made.subject === before) return withLooks(made, looked);
      const { decision: again, refusal: misfit } = answers.again(made.set, made.input, made.transformed);
      made = { ...made, decision: again, misfit };
    }
  }

  return { authorized, answered };
}

/** Nobody has approved anything else. */
const APPROVED = "It replaces what was approved.";

/** Why arguments cannot be replaced. */
function whyNot({ method }: Subject, mayReplace: boolean): string | undefined {
  if (!REQUEST_KINDS[method].sendsArguments) return `It replaces what ${method} is sent as it came.`;
  return mayReplace ? undefined : "It replaces what has been replaced and decided anew.";
}

function about(made: DecidedRequest, subject: Subject): DecidedRequest {
  return { ...made, subject, input: { ...made.input, subject, arguments: subject.arguments } };
}

function withLooks(made: DecidedRequest, looked: readonly GivenAnswer[]): DecidedRequest {
  return looked.length === 0 ? made : { ...made, decision: withAnswers(made.decision, looked) };
}
