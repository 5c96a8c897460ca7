import type { ToolEntry } from "../../catalog/entries.ts";
import type { Call } from "../../core/call.ts";
import type { ApprovalRequirement } from "../../core/decision.ts";
import type { JsonObject } from "../../core/json.ts";

/** The part of a decision that asks for approvals. */
export interface Asking {
  readonly set: string;
  /** Never empty. */
  readonly approvals: readonly ApprovalRequirement[];
}

/** A call that was decided and recorded. */
export interface DecidedCall {
  readonly call: Call;
  readonly tool: ToolEntry;
  readonly arguments: JsonObject;
}
