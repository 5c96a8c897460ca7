import type { Catalog } from "../../catalog/catalog.ts";
import type { ToolEntry } from "../../catalog/entries.ts";
import type { Call } from "../../core/call.ts";
import type { FormRefusal } from "../../core/call-outcome.ts";
import { type Refusal, refuse } from "../../core/errors.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { Visibility } from "../lists/visibility.ts";
import { readArguments, readContinuation } from "../requests/params.ts";
import type { RequestStates } from "../requests/request-state.ts";
import type { ResolvedCall } from "../requests/resolved-call.ts";

/** What a `tools/call` is about, or its answer if it is about nothing. */
export type Resolved =
  | ({ readonly ok: true } & ResolvedCall)
  | {
      readonly ok: false;
      readonly outcome: Outcome;
      /** The name, where no tool has it, or the call is refused for its form. */
      readonly undecided: string;
      readonly form?: FormRefusal;
    };

/** The answer to a call of a tool that is not there, or that the caller is not to know of: nothing tells the two apart. */
export const UNKNOWN_TOOL: Outcome = { kind: "refused", refusal: refuse("TOOL_UNKNOWN") };

export interface ResolveDeps {
  readonly catalog: Catalog;
  readonly visibility: Visibility;
  readonly states: RequestStates;
}

/** Finds the tool that a call names, and reads what it brings along. Whatever is amiss, a hidden tool is unknown. */
export function resolveTool({ catalog, visibility, states }: ResolveDeps, call: Call): Resolved {
  const name = call.params["name"];
  if (typeof name !== "string") return refused("", { kind: "refused", refusal: refuse("PARAMS_INVALID", NAMELESS) });
  const view = catalog.view(call.scope);
  const listed = view.tools.get(name);
  // Whoever still knows a tool from before its server went down is told of that, not that there is no such tool.
  const tool = listed ?? view.absentTools.get(name);
  if (tool === undefined) return { ok: false, outcome: UNKNOWN_TOOL, undecided: name };
  const args = readArguments(call.params);
  if (!args.ok) return amiss(visibility, call, name, tool, args);
  const continuation = readContinuation(call, { name: tool.upstream, place: tool.place }, states);
  if (!continuation.ok) return amiss(visibility, call, name, tool, continuation);
  const subject = { kind: "tool", tool, arguments: args.value } as const;
  return { ok: true, call, subject, continuation: continuation.value, unlisted: listed === undefined };
}

function amiss(visibility: Visibility, call: Call, name: string, tool: ToolEntry, refusal: Refusal): Resolved {
  // The record says why; the caller hears of a hidden tool what they would hear of any name that nobody has.
  const heard: Outcome = visibility.hides(call.scope, call, tool) ? UNKNOWN_TOOL : { kind: "refused", refusal };
  return refused(name, heard);
}

const NAMELESS = "params.name is missing.";

function refused(undecided: string, outcome: Outcome): Resolved {
  return { ok: false, outcome, undecided, form: "PARAMS_INVALID" };
}

/** The answer of a tool that is not listed. */
export function notListed({ upstream }: ToolEntry): Outcome {
  const detail = "It is down, or does not list its tools.";
  return { kind: "fault", fault: { code: "UPSTREAM_UNAVAILABLE", upstream, detail, executed: "no" } };
}
