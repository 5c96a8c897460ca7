import type { Cancellation } from "../core/cancellation.ts";
import type { PolicyInput } from "../policy/policy-set.ts";

/** What an outside decision point says of one request. Only `allow` lets it go on. */
export type PointAnswer =
  | { readonly kind: "allow" }
  /** `reason` for the record: up to 1,000 characters, harmless to show. */
  | { readonly kind: "deny"; readonly reason: string | undefined }
  /** It could not be asked, or said nothing that could be understood. `error`: why, without values of the request. */
  | { readonly kind: "error"; readonly error: string };

/** The decision points of the configuration, by their names. */
export interface DecisionPoints {
  /**
   * Asks one about a request, within its own deadline. Who gives the request up ends the question. A name that is not
   * configured is an error. @throws never
   */
  ask(name: string, input: PolicyInput, cancellation: Cancellation): Promise<PointAnswer>;
}
