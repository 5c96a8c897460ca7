import type { CombinedFlows } from "../../approvals/rules/combine-flows.ts";
import type { Decision } from "../../core/decision.ts";
import type { Refusal } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { PolicyExplanation } from "../../policy/explain/explain.ts";
import type { LevelDefault } from "../../policy/levels.ts";
import type { PolicyError, PolicySummary } from "../../policy/policy-set.ts";
import type { GivenCall } from "../../policy/tests/given-call.ts";
import type { StepUpLack } from "../../step-up/step-up.ts";
import type { Operator } from "../operator.ts";

/** How often a policy matched within the last day. */
export interface PolicyMatches {
  readonly applied: number;
  /** In mode shadow: what would have happened. */
  readonly shadow: number;
}

/** One policy with what became of it. `file` is its path from the policies' folder. */
export interface PolicyView extends PolicySummary {
  readonly matches: PolicyMatches;
}

/** A mistake of the files as they are now, with the lines around it. `file` is its path from the policies' folder. */
export interface PolicyErrorView extends PolicyError {
  /** Ready to show in a fixed-width face: the lines, numbered, with a mark below the place. "" where none can be read. */
  readonly excerpt: string;
}

/** A tool by its upstream and original name. */
export interface ToolPath {
  readonly upstream: string;
  readonly tool: string;
}

/** The policies that decide, and what is wrong with newer files. */
export interface PolicyState {
  /** SHA-256 of the set in force. */
  readonly digest: string;
  /** What happens to a call that no policy decides. */
  readonly default: "allow" | "deny";
  /** The endpoints and upstreams that have policies of their own. */
  readonly levels: readonly LevelDefault[];
  /** The folder of the gateway's files. */
  readonly dir: string;
  /** Since when this set is in force, ms since the epoch. */
  readonly since: number;
  /** In file order. */
  readonly policies: readonly PolicyView[];
  /** Empty when the set in force is made of the files as they are. */
  readonly mistakes: readonly PolicyErrorView[];
  /** Tools about which no policy speaks by its targets, those in mode shadow aside. */
  readonly uncovered: readonly ToolPath[];
  /** How many tools the upstreams list. */
  readonly tools: number;
}

/** One policy as its author wrote it, and what it bears on. */
export interface PolicyDetail {
  readonly policy: PolicyView;
  /** Its lines in the set in force, with the comments right above it. */
  readonly source: { readonly firstLine: number; readonly lines: readonly string[] };
  /** Tools that its target fits, for some caller at least; empty for a disabled one. */
  readonly tools: readonly ToolPath[];
  /** The tests in the file beside it, as it is now; `undefined` if there is none that can be read. */
  readonly tests: { readonly file: string; readonly count: number; readonly expecting: number } | undefined;
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

/** What the gateway would do with a call. */
export interface PolicyDryRun {
  readonly ok: true;
  readonly decision: Decision;
  /** Why the call would be refused for its arguments, whatever policies decide. Nobody would be asked. */
  readonly refusal?: Refusal;
  /** For a decision that asks for a stronger sign-in: what the caller's own token lacks, or that it serves. */
  readonly signIn?: StepUpLack | "token";
  readonly approvals: readonly ApprovalNeed[];
  /** All of these flows as the one request that would go through them; absent if the call needs none. */
  readonly request?: CombinedFlows;
  /** Every policy, in file order. `file` is its path from the policies' folder. */
  readonly policies: readonly PolicyExplanation[];
  /** The call as it was decided, its time included. */
  readonly call: GivenCall;
  /** A `*.test.yaml` that expects this decision. */
  readonly test: string;
}

export type Evaluated =
  | PolicyDryRun
  /** ADMIN_REQUIRED, TOOL_UNKNOWN for a tool that no upstream lists. */
  | Refusal;

/** Somebody whom the configuration names, to try calls as. */
export interface KnownCaller {
  /** The name of the API key. */
  readonly name: string;
  readonly user: NonNullable<GivenCall["user"]>;
  readonly client: NonNullable<GivenCall["client"]>;
}

/** The policies in force, for administrators. Every promise may reject with StoreError. */
export interface PolicyOperations {
  state(): Promise<PolicyState>;
  /** What is wrong with files that are newer than the set in force. */
  mistakes(): readonly PolicyErrorView[];
  /** `undefined`: the set in force has no such policy. */
  detail(id: string): Promise<PolicyDetail | undefined>;
  /** Decides a call that nobody makes: nothing is recorded, counted or sent. The set is the one in force. */
  evaluate(operator: Operator, call: GivenCall): Promise<Evaluated>;
  /** What a tool's server says of it; `undefined` for a tool that no upstream lists. */
  definition(tool: ToolPath): JsonObject | undefined;
  /** Every listed tool, by upstream and name. */
  tools(): readonly ToolPath[];
  callers(): readonly KnownCaller[];
}
