import type { ToolEntry } from "../../catalog/entries.ts";
import type { Call } from "../../core/call.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Continuation } from "./request-state.ts";
import type { ToolSubject } from "./subject.ts";

/** A call and its tool, as far as a request for approval is bound to them. */
export interface NamedCall {
  readonly call: Call;
  readonly subject: {
    readonly tool: Pick<ToolEntry, "upstream" | "name" | "digest">;
    readonly arguments: JsonObject;
  };
}

/** A call, with what it is about and what it goes on with. */
export interface ResolvedCall extends NamedCall {
  readonly call: Call;
  readonly subject: ToolSubject;
  /** What a retry brings back. */
  readonly continuation: Continuation;
  /** Its server is down, or does not say which tools it has: it is decided about, and not made. */
  readonly unlisted: boolean;
}
