import type { GuardPhase, StepUpPer } from "../../core/decision.ts";
import type { Redaction } from "../../redaction/redaction.ts";
import type { Condition, Expression } from "../cel/environment.ts";
import type { Template } from "../cel/template.ts";
import type { PolicyLevel } from "../levels.ts";
import type { ArgumentPath } from "../syntax/argument-paths.ts";
import type { CompiledTransform } from "../transforms/transform.ts";
import type { CompiledTarget } from "./target.ts";

/** One policy, compiled. */
export type CompiledPolicy = CompiledEffect & {
  readonly id: string;
  readonly level: PolicyLevel;
  readonly shadow: boolean;
  readonly target: CompiledTarget;
  /** `undefined`: every call that the target matches. */
  readonly condition: Condition | undefined;
  readonly message: Template | undefined;
  /** Places of the arguments that condition, message or settings read. */
  readonly looksAt: readonly ArgumentPath[];
  /** Target and condition can be decided before there is a call, because they look at the caller and the tool only. */
  readonly aboutViewer: boolean;
  /** The facts of a viewer that target and condition look at: see `visibility.ts`. */
  readonly viewerFacts: readonly string[];
};

/** What a policy does, with its settings. */
export type CompiledEffect =
  | { readonly effect: "hide" }
  | { readonly effect: "deny" }
  | { readonly effect: "step_up"; readonly stepUp: CompiledStepUp }
  | { readonly effect: "request_approval"; readonly flow: string }
  | { readonly effect: "allow" }
  | { readonly effect: "rate_limit"; readonly rate: CompiledRate }
  | { readonly effect: "redact"; readonly redaction: Redaction }
  | { readonly effect: "authorize"; readonly question: CompiledQuestion }
  | { readonly effect: "guard"; readonly question: CompiledQuestion & { readonly phases: readonly GuardPhase[] } }
  | { readonly effect: "transform"; readonly transform: CompiledTransform };

/** Whom a policy has asked; see `AuthorizeRequirement`. */
export interface CompiledQuestion {
  readonly by: string;
  readonly showReason: boolean;
}

/** What one policy asks of a sign-in; `undefined` and empty lists ask nothing. See `StepUpRequirement`. */
export interface CompiledStepUp {
  readonly acr: readonly string[];
  readonly amr: readonly string[];
  readonly maxAgeMs: number | undefined;
  readonly scopes: readonly string[];
  readonly ttlMs: number | undefined;
  readonly per: StepUpPer;
  readonly challenge: "rfc9470" | undefined;
}

/** A budget, before it is known who draws on it. */
export interface CompiledRate {
  readonly limit: number;
  readonly windowMs: number;
  /** As the author wrote the window. */
  readonly per: string;
  readonly by: readonly ("user" | "client" | "tool")[];
  readonly key: Expression | undefined;
  /** `undefined`: every call takes one. */
  readonly cost: Expression | undefined;
}
