import { isFormRefusal } from "../../core/call-outcome.ts";
import { type Refusal, refuse } from "../../core/errors.ts";
import type { SubjectKind } from "../../core/subject.ts";
import type { Unresolved } from "../requests/resolved-call.ts";

/** The answer to a request about something that is not there, or that the caller is not to know of: nothing tells the two apart. */
export const UNKNOWN: Readonly<Record<SubjectKind, Unresolved["outcome"]>> = {
  tool: { kind: "refused", refusal: refuse("TOOL_UNKNOWN") },
  prompt: { kind: "refused", refusal: refuse("PARAMS_INVALID", "No prompt has this name.") },
  resource: { kind: "refused", refusal: refuse("RESOURCE_UNKNOWN") },
};

/** There is nothing of this name. `heard`: where more can be said of it. */
export function unresolved(kind: SubjectKind, name: string, heard: Unresolved["outcome"] = UNKNOWN[kind]): Unresolved {
  return { ok: false, outcome: heard, kind, undecided: name };
}

/** A request that is refused for its form. The record says why; of what is hidden its caller hears as of what is not there. */
export function formRefused(kind: SubjectKind, name: string, refusal: Refusal, hidden = false): Unresolved {
  const outcome: Unresolved["outcome"] = hidden ? UNKNOWN[kind] : { kind: "refused", refusal };
  const form = isFormRefusal(refusal.code) ? refusal.code : "PARAMS_INVALID";
  return { ok: false, outcome, kind, undecided: name, form };
}
