import type { Audit } from "../audit/audit.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { ToolEntry } from "../catalog/entries.ts";
import type { View } from "../catalog/view.ts";
import type { Call } from "../core/call.ts";
import type { Decision } from "../core/decision.ts";
import { refuse } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Round } from "../core/round.ts";
import { paramHeaderText } from "../mcp/param-headers.ts";
import type { PolicySet } from "../policy/policy-set.ts";
import type { Upstreams } from "../upstream/upstream.ts";
import type { Mentions } from "./mentions.ts";
import { readArguments, readContinuation } from "./params.ts";
import type { RequestStates } from "./request-state.ts";
import { followRounds } from "./rounds.ts";

export interface PipelineDeps {
  readonly catalog: Catalog;
  readonly policies: () => PolicySet;
  readonly audit: Audit;
  readonly upstreams: Upstreams;
  readonly states: RequestStates;
  readonly mentions: Mentions;
  readonly now: () => number;
}

/**
 * The life of one `tools/call`, top to bottom: resolve → decide → record → enforce → call the upstream → record the end.
 * Stopping early is the only branch, and nothing happens to an upstream before its decision is on disk.
 */
export function createPipeline(deps: PipelineDeps): (call: Call) => Promise<Outcome> {
  const { catalog, audit, upstreams, states, now } = deps;

  return async (call) => {
    const name = call.params["name"];
    if (typeof name !== "string")
      return { kind: "refused", refusal: refuse("PARAMS_INVALID", "params.name is missing.") };
    const view = catalog.view(call.scope);
    const tool = view.tools.get(name);
    if (tool === undefined) return unlisted(view, name);

    const args = readArguments(call.params);
    if (!args.ok) return { kind: "refused", refusal: args };
    const continuation = readContinuation(call, tool.upstream, states);
    if (!continuation.ok) return { kind: "refused", refusal: continuation };

    const decision = deps.policies().decide(policyInput(call, tool, args.value));

    const opened = await audit.open(opening(call, tool, decision, args.value));
    if (!opened) return { kind: "refused", refusal: refuse("AUDIT_UNAVAILABLE") };
    const close = (outcome: string): void => {
      const at = now();
      audit.close({ callId: call.id, at, outcome, durationMs: at - call.receivedAt });
    };

    if (decision.effect !== "allow") {
      close("denied");
      return { kind: "denied", decision: enforceable(decision) };
    }

    const upstream = upstreams.get(tool.upstream);
    const follow = followRounds(call, tool.upstream, states, (ending, round) => {
      close(ending);
      if (round?.kind === "result") deps.mentions.learn(tool.upstream, round.result);
    });
    if (upstream === undefined) return follow(notStarted(tool, "UPSTREAM_UNAVAILABLE", "it is no longer registered"));
    if (call.cancellation.cancelled) return follow(notStarted(tool, "CALL_CANCELLED", "cancelled before it was sent"));

    const round = await upstream.session(call.peer).request({
      method: "tools/call",
      params: upstreamParams(call, tool, continuation.state),
      mirrored: mirroredHeaders(tool, args.value),
      wantsProgress: call.wantsProgress,
      logLevel: call.logLevel,
      cancellation: call.cancellation,
      onNotification: (notification) => call.notify(notification),
    });
    return follow(round);
  };
}

// Whoever still knows a tool from before its server went down is told of that, not that there is no such tool.
function unlisted(view: View, name: string): Outcome {
  const upstream = view.absentTools.get(name);
  if (upstream === undefined) return { kind: "refused", refusal: refuse("TOOL_UNKNOWN") };
  const detail = "It is down, and its tools are not listed.";
  return { kind: "fault", fault: { code: "UPSTREAM_UNAVAILABLE", upstream, detail, executed: "no" } };
}

function policyInput(call: Call, tool: ToolEntry, args: JsonObject) {
  return {
    principal: call.principal,
    client: call.client,
    tool: { name: tool.name, upstream: tool.upstream, definition: tool.definition },
    arguments: args,
    request: {
      id: call.id,
      method: call.method,
      time: call.receivedAt,
      session: call.session,
      endpoint: call.scope.endpoint,
      headers: call.headers,
    },
  };
}

function opening(call: Call, tool: ToolEntry, decision: Decision, args: JsonObject) {
  return {
    callId: call.id,
    at: call.receivedAt,
    principal: call.principal,
    client: call.client,
    endpoint: call.scope.endpoint,
    session: call.session,
    upstream: tool.upstream,
    tool: tool.name,
    definitionDigest: tool.digest,
    decision,
    arguments: args,
    headers: call.headers,
    traceId: call.traceId,
  };
}

// What was decided is what is sent: the parsed arguments under the tool's own name. A legacy task request is not passed
// on, because the gateway announces no tasks and could not answer for one.
function upstreamParams(call: Call, tool: ToolEntry, state: string | undefined): JsonObject {
  const { task: _task, requestState: _state, ...params } = call.params;
  return { ...params, name: tool.name, ...(state === undefined ? {} : { requestState: state }) };
}

function mirroredHeaders(tool: ToolEntry, args: JsonObject): ReadonlyArray<readonly [string, string]> {
  if (tool.paramHeaders.length === 0) return [];
  return tool.paramHeaders.flatMap((entry) => {
    const text = paramHeaderText(entry, args);
    return text === undefined ? [] : [[entry.header, text] as const];
  });
}

function notStarted(tool: ToolEntry, code: "UPSTREAM_UNAVAILABLE" | "CALL_CANCELLED", detail: string): Round {
  return { kind: "fault", fault: { code, upstream: tool.upstream, detail, executed: "no" } };
}

// Approvals and step-up cannot be given yet: a call that needs one is refused, and the text says so.
function enforceable(decision: Exclude<Decision, { effect: "allow" }>): Exclude<Decision, { effect: "allow" }> {
  switch (decision.effect) {
    case "deny":
      return decision;
    case "request_approval":
      return refuseFor(decision, "needs an approval, which this gateway cannot ask for yet");
    case "step_up":
      return refuseFor(decision, "needs a stronger sign-in, which this gateway cannot ask for yet");
    default:
      return decision satisfies never;
  }
}

function refuseFor(decision: Exclude<Decision, { effect: "allow" | "deny" }>, why: string) {
  const text = decision.message === "" ? "" : ` ${decision.message}`;
  return { ...decision, message: `Not executed: the call ${why} (policy ${decision.policy}).${text}` };
}
