import {
  type AuthorizeRequirement,
  allows,
  type Decision,
  type GuardRequirement,
  type Said,
} from "../core/decision.ts";
import type { JsonObject } from "../core/json.ts";
import type { PolicyAnswer } from "./answer.ts";
import type { PolicyInput } from "./policy-set.ts";
import { type GivenAnswer, letsPass, withAnswers } from "./said.ts";

/** Something that a decision point or a guard is to answer. */
export type Consultation =
  | { readonly effect: "authorize"; readonly requirement: AuthorizeRequirement; readonly input: PolicyInput }
  | { readonly effect: "guard"; readonly requirement: GuardRequirement; readonly input: PolicyInput };

/** What came of one. `content`: what a guard puts in place of the arguments. */
export interface ConsultationReply {
  readonly said: Said;
  readonly content?: JsonObject | undefined;
}

/** A request that was decided, as it stands now. */
export interface Consulted extends PolicyAnswer {
  readonly input: PolicyInput;
}

/** What differs between a request that is made and one that somebody wrote down. */
export interface ConsultWay {
  /** The request with these arguments in place of its own, or why they cannot be replaced. */
  replaced(input: PolicyInput, content: JsonObject): PolicyInput | string;
  /** Decides it anew with them. */
  again(input: PolicyInput): PolicyAnswer;
}

/** Whether anybody is to be consulted. */
export function hasConsultations({ authorize, guards }: Decision): boolean {
  return authorize !== undefined || guards !== undefined;
}

/** Who would be consulted about a decision, each in half a sentence; empty for nobody. For people. */
export function consultedTexts({ authorize = [], guards = [] }: Decision): readonly string[] {
  const shadowed = (shadow: boolean): string => (shadow ? ", in shadow" : "");
  return [
    ...authorize.map(({ policy, by, shadow }) => `${by} is asked whether it may go on (${policy}${shadowed(shadow)})`),
    ...guards.map(
      ({ policy, by, phases, shadow }) =>
        `${by} looks at the ${phases.join(" and the ")} (${policy}${shadowed(shadow)})`,
    ),
  ];
}

/** The decision once its decision points have answered. It yields what is to be answered at once. */
export function* authorized(
  decision: Decision,
  input: PolicyInput,
): Generator<readonly Consultation[], Decision, readonly ConsultationReply[]> {
  if (!allows(decision) || decision.authorize === undefined) return decision;
  const { authorize } = decision;
  const replies = yield authorize.map((requirement) => ({ effect: "authorize", requirement, input }));
  return withAnswers(
    decision,
    authorize.flatMap((question, at): readonly GivenAnswer[] => {
      const said = replies[at]?.said;
      return said === undefined ? [] : [{ effect: "authorize", question, said }];
    }),
  );
}

/**
 * What a request comes to once decision points have answered, and guards have seen it, one after the other. Where one of them has
 * replaced the arguments, it is decided anew with those, once, and whoever is new to it is consulted. It yields what is to be
 * answered at once, and takes the replies in the same order.
 */
export function* consult(
  first: Consulted,
  way: ConsultWay,
): Generator<readonly Consultation[], Consulted, readonly ConsultationReply[]> {
  let made = first;
  const looked: GivenAnswer[] = [];
  const ended = (): Consulted =>
    looked.length === 0 ? made : { ...made, decision: withAnswers(made.decision, looked) };
  for (let decidedAnew = false; ; decidedAnew = true) {
    if (!allows(made.decision) || made.refusal !== undefined) return ended();
    const decision = yield* authorized(made.decision, made.input);
    made = { ...made, decision };
    if (!allows(decision)) return ended();
    const before = made.input;
    for (const requirement of decision.guards ?? []) {
      const { policy, phases, shadow } = requirement;
      if (!phases.includes("request") || looked.some(({ question }) => question.policy === policy)) continue;
      const [reply = NONE] = yield [{ effect: "guard", requirement, input: made.input }];
      const { content } = reply;
      let { said } = reply;
      if (content !== undefined && !shadow) {
        const replaced = decidedAnew ? TWICE : way.replaced(made.input, content);
        if (typeof replaced === "string") said = { ...said, answer: "error", reason: replaced };
        else made = { ...made, input: replaced };
      }
      looked.push({ effect: "guard", question: requirement, said });
      if (!shadow && !letsPass(said)) return ended();
    }
    if (made.input === before) return ended();
    made = { input: made.input, ...way.again(made.input) };
  }
}

const NONE: ConsultationReply = { said: { by: "", answer: "error", reason: "Nobody has answered." } };
const TWICE = "It replaces what has been replaced and decided anew.";
