/** What a policy can do to a call. */
export type Effect = "deny" | "step_up" | "request_approval" | "allow";

/** One policy that matched a call. */
export interface Match {
  readonly policy: string;
  readonly effect: Effect;
  /** `condition` evaluated to true (or there is none); `error` if it could not be evaluated and therefore counts. */
  readonly because: "condition" | "error";
  /** For `error`: what went wrong, without values from the call. */
  readonly error?: string;
  /** `shadow`: the policy was evaluated and not applied. */
  readonly mode?: "shadow";
}

/** The verdict over one call: the strongest effect of all policies that matched. */
export type Decision = {
  /** Every policy that matched, in file order. */
  readonly matched: readonly Match[];
  /** Evaluated without effect: shadow policies that matched, and an `allow` whose condition failed. Absent if none. */
  readonly unapplied?: readonly Match[];
  /** SHA-256 of the policy set that decided. */
  readonly set: string;
} & (
  | { readonly effect: "allow" }
  | { readonly effect: "deny"; readonly policy: string; readonly message: string }
  | { readonly effect: "step_up"; readonly policy: string; readonly message: string }
  | { readonly effect: "request_approval"; readonly policy: string; readonly message: string }
);
