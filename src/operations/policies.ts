import type { Decision } from "../core/decision.ts";
import type { Refusal } from "../core/errors.ts";
import type { PolicyExplanation } from "../policy/explain.ts";
import type { GivenCall } from "../policy/given-call.ts";
import type { PolicyError, PolicySummary } from "../policy/policy-set.ts";
import type { Operator } from "./operator.ts";

/** How often a policy matched within the last day. */
export interface PolicyMatches {
  readonly applied: number;
  /** In mode shadow: what would have happened. */
  readonly shadow: number;
}

/** One policy with what became of it. */
export interface PolicyView extends PolicySummary {
  readonly matches: PolicyMatches;
}

/** A mistake of the files as they are now, with the lines around it. */
export interface PolicyMistake extends PolicyError {
  /** Ready to show in a fixed-width face: the lines, numbered, with a mark below the place. */
  readonly excerpt: string;
}

/** The policies that decide, and what is wrong with newer files. */
export interface PolicyState {
  /** SHA-256 of the set in force. */
  readonly digest: string;
  /** What happens to a call that no policy decides. */
  readonly default: "allow" | "deny";
  /** Since when this set is in force, ms since the epoch. */
  readonly since: number;
  /** In file order. */
  readonly policies: readonly PolicyView[];
  /** Empty when the set in force is made of the files as they are. */
  readonly mistakes: readonly PolicyMistake[];
  /** Tools about which no enabled policy speaks, by its targets. */
  readonly uncovered: readonly { readonly upstream: string; readonly tool: string }[];
  readonly tools: number;
}

/** An approval that a tried call would need: whom it would ask. */
export interface ApprovalNeed {
  readonly policy: string;
  readonly flow: string;
  readonly message: string;
  readonly stages: readonly {
    readonly roles: readonly string[];
    readonly users: readonly string[];
    readonly required: number;
  }[];
}

export type Evaluated =
  | {
      readonly ok: true;
      readonly decision: Decision;
      readonly approvals: readonly ApprovalNeed[];
      readonly policies: readonly PolicyExplanation[];
    }
  /** ADMIN_REQUIRED, TOOL_UNKNOWN for a tool that no upstream lists. */
  | Refusal;

/** The policies in force, for administrators. Every promise may reject with StoreError. */
export interface PolicyOperations {
  state(): Promise<PolicyState>;
  /** Decides a call that nobody makes: nothing is recorded, counted or sent. The set is the one in force. */
  evaluate(operator: Operator, call: GivenCall): Promise<Evaluated>;
}
