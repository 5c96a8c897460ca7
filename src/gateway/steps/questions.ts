import type { Cancellation } from "../../core/cancellation.ts";
import type { Decision } from "../../core/decision.ts";
import { canonicalJson } from "../../core/json.ts";
import type { DecisionPoints } from "../../decision-points/decision-points.ts";
import type { Guards } from "../../guards/guards.ts";
import type { Answers } from "../../policy/answer.ts";
import { authorized, type Consultation, type ConsultationReply, consult } from "../../policy/consult.ts";
import type { PolicyInput } from "../../policy/policy-set.ts";
import { saidByGuard } from "../requests/guard-said.ts";
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
  authorized(decision: Decision, input: PolicyInput, cancellation: Cancellation): Promise<Decision>;
  /** What the request comes to once its guards have seen it, too: see `consult`. @throws never */
  answered(decided: DecidedRequest, way: RequestWay): Promise<DecidedRequest>;
}

export function createQuestions({ decisionPoints, guards, answers }: QuestionsDeps): Questions {
  async function reply(
    { effect, requirement, input }: Consultation,
    cancellation: Cancellation,
  ): Promise<ConsultationReply> {
    const { by } = requirement;
    if (effect === "authorize") {
      const answer = await decisionPoints.ask(by, input, cancellation);
      const reason = answer.kind === "deny" ? answer.reason : answer.kind === "error" ? answer.error : undefined;
      return { said: { by, answer: answer.kind, ...(reason !== undefined && { reason }) } };
    }
    const content = givenTo({ ...input.subject, arguments: input.arguments });
    const answer = await guards.check(by, "request", input, content, cancellation);
    const said = saidByGuard(by, answer);
    if (answer.kind !== "replace") return { said };
    // The same again is no replacement.
    const same = canonicalJson(answer.content) === canonicalJson(content);
    return same ? { said: { ...said, answer: "pass" } } : { said, content: answer.content };
  }

  // All at once: the request waits for the slowest, not for their sum.
  async function driven<End>(
    steps: Generator<readonly Consultation[], End, readonly ConsultationReply[]>,
    cancellation: Cancellation,
  ): Promise<End> {
    let step = steps.next([]);
    while (step.done !== true) {
      step = steps.next(await Promise.all(step.value.map((one) => reply(one, cancellation))));
    }
    return step.value;
  }

  return {
    authorized: (decision, input, cancellation) => driven(authorized(decision, input), cancellation),
    async answered(decided, way) {
      const { set, decision, misfit: refusal, transformed } = decided;
      let { subject } = decided;
      const end = await driven(
        consult(
          { input: decided.input, decision, refusal, transformed },
          {
            replaced(input, content) {
              const why = whyNot(subject);
              const other = { ...subject, arguments: content };
              if (why !== undefined || !way.goesOnWith(other)) return why ?? APPROVED;
              subject = other;
              return { ...input, subject, arguments: content };
            },
            again: (input) => answers.again(set, input, transformed),
          },
        ),
        way.cancellation,
      );
      return { ...decided, subject, input: end.input, decision: end.decision, misfit: end.refusal };
    },
  };
}

/** Nobody has approved anything else. */
const APPROVED = "It replaces what was approved.";

/** Why arguments cannot be replaced. */
function whyNot({ method }: Subject): string | undefined {
  return REQUEST_KINDS[method].sendsArguments ? undefined : `It replaces what ${method} is sent as it came.`;
}
