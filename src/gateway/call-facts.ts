import type { AuditOpening } from "../audit/audit.ts";
import type { ToolEntry } from "../catalog/entries.ts";
import type { Call } from "../core/call.ts";
import type { Decision } from "../core/decision.ts";
import type { JsonObject } from "../core/json.ts";
import type { PolicyInput } from "../policy/policy-set.ts";

/** What policies see of a call. */
export function policyInput(call: Call, tool: ToolEntry, args: JsonObject): PolicyInput {
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

/** What is recorded of a call before anything happens because of it. */
export function auditOpening(call: Call, tool: ToolEntry, decision: Decision, args: JsonObject): AuditOpening {
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
