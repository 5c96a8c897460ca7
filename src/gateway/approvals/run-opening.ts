import type { AuditOpening } from "../../audit/audit.ts";
import type { LiveCaller, RunCandidate, RunVerdict } from "./run-check.ts";

/** The part of a run that is there before it is claimed. */
export interface Prepared extends Extract<RunVerdict, { kind: "fits" }> {
  readonly candidate: RunCandidate;
  readonly caller: LiveCaller | undefined;
}

/** What is recorded of a run before it is claimed. */
export function openingOf({ candidate, caller, tool, decision, challenge }: Prepared): AuditOpening {
  const { context } = candidate;
  return {
    callId: candidate.callId,
    at: candidate.at,
    principal: candidate.principal,
    client: candidate.client,
    endpoint: context.endpoint,
    session: context.session,
    upstream: tool.upstream,
    tool: tool.name,
    definitionDigest: tool.digest,
    decision,
    arguments: candidate.arguments,
    headers: candidate.headers,
    traceId: caller?.traceId,
    approval: candidate.request.id,
    ...(challenge === undefined ? {} : { challenge }),
  };
}
