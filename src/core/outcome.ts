import type { Ask, AskResponse, Era, RpcError } from "./call.ts";
import type { Decision } from "./decision.ts";
import type { Refusal } from "./errors.ts";
import type { RawJson } from "./raw-json.ts";
import type { UpstreamFault } from "./round.ts";

/** How a call ended, or what it needs to go on. `downstream/` renders it in the client's era. */
export type Outcome =
  | { readonly kind: "result"; readonly result: RawJson }
  | { readonly kind: "error"; readonly error: RpcError }
  | { readonly kind: "denied"; readonly decision: Exclude<Decision, { effect: "allow" }> }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "fault"; readonly fault: UpstreamFault }
  /** The tool has answered, and none of its result may be given out. */
  | { readonly kind: "withheld" }
  | AsksOutcome;

/** The upstream wants something from the client first. See `AsksRound`; `state` is sealed by the gateway here. */
export interface AsksOutcome {
  readonly kind: "asks";
  readonly era: Era;
  readonly asks: Readonly<Record<string, Ask>>;
  readonly state: string | undefined;
  resume(responses: Readonly<Record<string, AskResponse>>): Promise<Outcome>;
  abandon(reason: string): void;
  onMoot(listener: () => void): void;
}
