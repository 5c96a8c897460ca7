/** Effects that bear on whether a call is made at all, the strongest first: of those that match, the strongest wins. */
export const VERDICTS = ["hide", "deny", "step_up", "request_approval", "allow"] as const;

/** Those that end a call for good. After a sign-in or an approval the weaker ones still have their say. */
export const FINAL_VERDICTS = ["hide", "deny"] as const satisfies readonly (typeof VERDICTS)[number][];

/**
 * What a policy can do to a call. Besides the verdicts: `transform` changes what is sent, `rate_limit` counts, `redact` changes the
 * result; `authorize` and `guard` have somebody outside say whether it goes on, and with what.
 */
export const EFFECTS = [...VERDICTS, "rate_limit", "redact", "authorize", "guard", "transform"] as const;

export type Effect = (typeof EFFECTS)[number];

/** What a decision can come to: a verdict, or that a budget is used up. */
export const DECISION_EFFECTS = [...VERDICTS, "rate_limit"] as const satisfies readonly Decision["effect"][];

/** One policy that matched a call. */
export interface Match {
  readonly policy: string;
  readonly effect: Effect;
  /** `condition` evaluated to true (or there is none); `error` if it could not be evaluated and therefore counts. */
  readonly because: "condition" | "error";
  /** For `error`: what went wrong, without values from the call. */
  readonly error?: string;
  /** Places like `args.amount` that the call leaves out, where it matched only with the tool's defaults in them. */
  readonly defaults?: readonly string[];
  /** `shadow`: the policy was evaluated and not applied. */
  readonly mode?: "shadow";
  /** For `step_up`: what satisfied it. Absent if nothing did. */
  readonly satisfied?: "token" | "elevation";
  /** For `authorize` and `guard`: what was said. Absent where nobody was asked. */
  readonly said?: Said;
}

/** What a decision point or a guard said, as it is on record. */
export interface Said {
  /** Its name in the configuration. */
  readonly by: string;
  /** `error`: it could not be asked, or was not understood, which counts as a refusal. */
  readonly answer: "allow" | "deny" | "pass" | "replace" | "error";
  /** Its own reason, or what went wrong. */
  readonly reason?: string;
  /** What a guard calls what it has found. */
  readonly labels?: readonly string[];
}

/** When a guard looks: at what a client sends to a server, and at what the server answers. */
export const GUARD_PHASES = ["request", "result"] as const;

export type GuardPhase = (typeof GUARD_PHASES)[number];

/** Somebody who is to be asked about a request because a policy says so. */
interface ExternalRequirement {
  readonly policy: string;
  /** The name of whom to ask. */
  readonly by: string;
  /** What the agent is told where the answer is no. */
  readonly message: string;
  /** Whether the agent hears the reason, too. */
  readonly showReason: boolean;
  /** Its answer is recorded and not applied. */
  readonly shadow: boolean;
}

/** A decision point that is to be asked before the request goes on. */
export type AuthorizeRequirement = ExternalRequirement;

/** A guard that is to see what passes. */
export interface GuardRequirement extends ExternalRequirement {
  readonly phases: readonly GuardPhase[];
}

/** How the caller must have signed in: all policies that ask for it, merged to the strictest. */
export interface StepUpRequirement {
  /** In file order. */
  readonly policies: readonly string[];
  /** One list for every policy that names any; of each list one must be reached. */
  readonly acr: readonly (readonly string[])[];
  /** Authentication methods, in lists like `acr`: of each list one must have been used. */
  readonly amr: readonly (readonly string[])[];
  /** The smallest of all, ms; `undefined` where the age of the sign-in does not matter. */
  readonly maxAgeMs: number | undefined;
  /** The token must hold all of them; no sign-in at the gateway stands in for a scope. */
  readonly scopes: readonly string[];
  /** The smallest of all, ms: how long a sign-in at the gateway counts. `undefined`: as long as the configuration says. */
  readonly ttlMs: number | undefined;
  /** The narrowest of all. What the client signed in with before counts for `session` only. */
  readonly per: StepUpPer;
  /** `scope`: the identity provider asks for the stronger sign-in when a client wants `scopes`. */
  readonly via: "scope" | undefined;
  /** The first answer is RFC 9470's. Only with `per: session`, because a new token serves nothing narrower. */
  readonly challenge: "rfc9470" | undefined;
}

/** What one sign-in at the gateway serves: one call, calls of one tool, or all calls of a session. */
export type StepUpPer = "call" | "tool" | "session";

/** One approval that a call needs. */
export interface ApprovalRequirement {
  readonly policy: string;
  /** A name from `approval_flows`. */
  readonly flow: string;
  readonly message: string;
}

/** A budget that a call draws on, if it is made. */
export interface RateLimit {
  readonly policy: string;
  /** What is counted together: equal for calls that share the budget. May hold what the caller sent. */
  readonly counter: string;
  readonly limit: number;
  readonly windowMs: number;
  /** What this call takes; not negative, may be a fraction. */
  readonly cost: number;
  /** What the agent is told when the budget is used up, without the time to wait. */
  readonly message: string;
}

/** What every decision says besides its effect. */
interface DecisionReport {
  /** Every policy that matched before the call, in file order. */
  readonly matched: readonly Match[];
  /** Evaluated without effect: shadow policies that matched, and an `allow` whose condition failed. Absent if none. */
  readonly unapplied?: readonly Match[];
  /** SHA-256 of the policy set that decided. */
  readonly set: string;
  /** The caller does not see this tool: the answer is that of an unknown one, whatever the effect says. */
  readonly hidden?: true;
  /** Budgets to draw on before the call is made. Absent if none, or if the call is refused anyway. */
  readonly limits?: readonly RateLimit[];
  /** Policies want to see the result before the client does: `decideResult` is to be asked. */
  readonly inspectsResult?: true;
  /** Whom to ask before the request goes on, in file order. Absent if nobody, or if it is refused anyway. */
  readonly authorize?: readonly AuthorizeRequirement[];
  /** Who is to see what passes, in file order. Absent if nobody, or if it is refused anyway. */
  readonly guards?: readonly GuardRequirement[];
}

/** The verdict over one call: the strongest effect of all policies that matched. */
export type Decision = DecisionReport &
  (
    | { readonly effect: "allow" }
    | { readonly effect: "hide"; readonly policy: string; readonly message: string }
    | { readonly effect: "deny"; readonly policy: string; readonly message: string }
    | {
        readonly effect: "step_up";
        readonly policy: string;
        readonly message: string;
        readonly stepUp: StepUpRequirement;
        /** What is needed besides, after the sign-in. */
        readonly approvals: readonly ApprovalRequirement[];
      }
    | {
        readonly effect: "request_approval";
        readonly policy: string;
        readonly message: string;
        /** All of them must be given; never empty. */
        readonly approvals: readonly ApprovalRequirement[];
      }
    | {
        /** Made of an `allow` by whoever keeps the counters; `decide` itself counts nothing. */
        readonly effect: "rate_limit";
        readonly policy: string;
        readonly message: string;
        /** How long until the same call could pass, ms. */
        readonly retryAfterMs: number;
      }
  );

/** A decision that stops a call, for now or for good. */
export type Stop = Exclude<Decision, { effect: "allow" }>;

/** A decision that lets a call through: at once, with people's consent, or after a sign-in. */
export type Allowed = Extract<Decision, { effect: "allow" | "request_approval" | "step_up" }>;

/** Whether a decision lets the call through, be it once others have agreed. */
export function allows(decision: Decision): decision is Allowed {
  switch (decision.effect) {
    case "allow":
    case "request_approval":
    case "step_up":
      return true;
    case "hide":
    case "deny":
    case "rate_limit":
      return false;
    default:
      return decision satisfies never;
  }
}
