import type { Cancellation } from "../core/cancellation.ts";
import type { GuardPhase } from "../core/decision.ts";
import type { JsonObject } from "../core/json.ts";
import type { PolicyInput } from "../policy/policy-set.ts";
import type { GuardAnswer } from "./guards.ts";

/** What a guard is shown, and who may give it up. */
export interface GuardQuestion {
  readonly phase: GuardPhase;
  readonly input: PolicyInput;
  /** The arguments of a request, or its result. */
  readonly content: JsonObject;
  readonly cancellation: Cancellation;
}

/** One guard. @throws anything: who calls it makes an error of that */
export type Guard = (question: GuardQuestion) => Promise<GuardAnswer>;

/** An answer that stands for none. `error` ends in a full stop, and has no value of the content. */
export function guardError(error: string): Extract<GuardAnswer, { kind: "error" }> {
  return { kind: "error", error };
}
