import type { Decision } from "../../core/decision.ts";
import type { PolicyAnswer } from "../../policy/answer.ts";
import type { PolicyInput, PolicySet } from "../../policy/policy-set.ts";
import type { Subject } from "../requests/subject.ts";
import type { SignInCheck } from "../step-up/sign-in.ts";

/** A request that policies have decided on. */
export interface DecidedRequest {
  /** With the arguments that came. */
  readonly asked: Subject;
  /** With those that are sent, whatever policies or guards have made of them: everything else is about these. */
  readonly subject: Subject;
  /** It decides on the request and on its result, whatever is swapped in meanwhile. */
  readonly set: PolicySet;
  readonly input: PolicyInput;
  readonly decision: Decision;
  /** Why its arguments are refused, though no policy refuses it. */
  readonly misfit: PolicyAnswer["refusal"];
  /** What policies made of it before it was decided on. */
  readonly transformed: PolicyAnswer["transformed"];
  /** The sign-in that the decision asks for, where it was looked for. */
  readonly signIn: SignInCheck | undefined;
}
