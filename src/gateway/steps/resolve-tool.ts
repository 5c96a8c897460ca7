import type { Catalog } from "../../catalog/catalog.ts";
import type { Call } from "../../core/call.ts";
import { refuse } from "../../core/errors.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { Visibility } from "../lists/visibility.ts";
import { readArguments, readContinuation } from "../requests/params.ts";
import type { RequestStates } from "../requests/request-state.ts";
import type { Resolved } from "../requests/resolved-call.ts";
import { type Subject, toolSubject } from "../requests/subject.ts";
import { formRefused, unresolved } from "./unresolved.ts";

export interface ResolveToolDeps {
  readonly catalog: Pick<Catalog, "view">;
  readonly visibility: Pick<Visibility, "hides">;
  readonly states: RequestStates;
}

/** Finds the tool that a call names, and reads what it brings along. Whatever is amiss, a hidden tool is unknown. */
export function resolveTool({ catalog, visibility, states }: ResolveToolDeps, call: Call): Resolved {
  const name = call.params["name"];
  if (typeof name !== "string") {
    return formRefused("tool", "", refuse("PARAMS_INVALID", "params.name is missing."));
  }
  const view = catalog.view(call.scope);
  const listed = view.tools.get(name);
  // Whoever still knows a tool from before its server went down is told of that, not that there is no such tool.
  const tool = listed ?? view.absentTools.get(name);
  if (tool === undefined) return unresolved("tool", name);
  const args = readArguments(call.params);
  const subject = toolSubject(tool, args.ok ? args.value : {});
  if (!args.ok) return formRefused("tool", name, args, visibility.hides(call, subject));
  const continuation = readContinuation(call, { name: tool.upstream, place: tool.place }, states);
  if (!continuation.ok) {
    return formRefused("tool", name, continuation, visibility.hides(call, subject));
  }
  return { ok: true, call, subject, continuation: continuation.value, unlisted: listed === undefined };
}

/** The answer of a tool that is not listed. */
export function notListed({ upstream }: Subject): Outcome {
  const detail = "It is down, or does not list its tools.";
  return { kind: "fault", fault: { code: "UPSTREAM_UNAVAILABLE", upstream, detail, executed: "no" } };
}
