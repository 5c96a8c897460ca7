import type { Call } from "../../core/call.ts";
import type { Continuation } from "./request-state.ts";
import type { ToolSubject } from "./subject.ts";

/** A call, with what it is about and what it goes on with. */
export interface ResolvedCall {
  readonly call: Call;
  readonly subject: ToolSubject;
  /** What a retry brings back. */
  readonly continuation: Continuation;
  /** Its server is down, or does not say which tools it has: it is decided about, and not made. */
  readonly unlisted: boolean;
}
