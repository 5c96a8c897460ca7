import type { Decision } from "../../core/decision.ts";
import type { PolicyAnswer } from "../../policy/answer.ts";
import type { PolicyInput, PolicySet } from "../../policy/policy-set.ts";
import type { Subject } from "../requests/subject.ts";
import type { SignInCheck } from "../step-up/sign-in.ts";

/** A request that policies have decided on. */
export interface DecidedRequest {
  readonly subject: Subject;
  /** It decides on the request and on its result, whatever is swapped in meanwhile. */
  readonly set: PolicySet;
  readonly input: PolicyInput;
  readonly decision: Decision;
  /** Why its arguments are refused, though no policy refuses it. */
  readonly misfit: PolicyAnswer["refusal"];
  /** The sign-in that the decision asks for, where it was looked for. */
  readonly signIn: SignInCheck | undefined;
}
