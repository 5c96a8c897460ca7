import type { ApprovalState } from "../../core/approval.ts";
import type { DecidedMethod, SubjectKind } from "../../core/subject.ts";
import type { Operator } from "../operator.ts";

/** Something that pages and API clients want to hear of as it happens. It says what changed, never what it holds. */
export type OperatorEvent =
  | {
      readonly kind: "approval";
      readonly id: string;
      readonly state: ApprovalState;
      readonly version: number;
      readonly method: DecidedMethod;
      readonly upstream: string;
      /** `null`: it is about no tool. */
      readonly tool: string | null;
      readonly subject: { readonly kind: SubjectKind; readonly name: string };
    }
  | {
      readonly kind: "upstream";
      readonly upstream: string;
      readonly state: "connecting" | "ready" | "down" | "removed";
    }
  | {
      readonly kind: "definitions";
      readonly upstream: string;
      /** How many tools are new, changed or gone. */
      readonly tools: number;
    }
  | { readonly kind: "policies"; readonly digest: string; readonly refused: boolean };

/** What happens, to each operator what concerns them: approvals that they may see; the rest to administrators. */
export interface Events {
  /** Until the returned function is called. `undefined`: too many listen already. */
  subscribe(operator: Operator, listener: (event: OperatorEvent) => void): (() => void) | undefined;
  close(): void;
}
