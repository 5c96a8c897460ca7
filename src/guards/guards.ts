import type { Cancellation } from "../core/cancellation.ts";
import type { GuardPhase } from "../core/decision.ts";
import type { JsonObject } from "../core/json.ts";
import type { PolicyInput } from "../policy/policy-set.ts";

/** What a guard says of the content that it was shown. `labels` are for the record: at most 20, each up to 100 characters. */
export type GuardAnswer =
  | { readonly kind: "pass"; readonly labels: readonly string[] }
  /** `message` for the record: up to 1,000 characters, harmless to show. */
  | { readonly kind: "deny"; readonly message: string | undefined; readonly labels: readonly string[] }
  /** `content` takes the place of what it was shown: bounded like any message, nothing else is checked yet. */
  | { readonly kind: "replace"; readonly content: JsonObject; readonly labels: readonly string[] }
  /** It could not be asked, or said nothing that could be understood. `error`: why, without values of the content. */
  | { readonly kind: "error"; readonly error: string };

/** The guards of the configuration, by their names, with those that are built in. */
export interface Guards {
  /**
   * Shows a guard the arguments of a request (`request`) or its result (`result`), within the guard's own deadline. Who gives
   * the request up ends it. A name that is not configured is an error. @throws never
   */
  check(
    name: string,
    phase: GuardPhase,
    input: PolicyInput,
    content: JsonObject,
    cancellation: Cancellation,
  ): Promise<GuardAnswer>;
}
