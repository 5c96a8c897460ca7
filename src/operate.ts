import { createApprovalOperations } from "./operations/create-approval-operations.ts";
import type { AssembledOperations } from "./operations/operations.ts";
import type { Wired } from "./wire.ts";

/** What operators see and do, made of the wired rooms. */
export function operate({ wired }: { readonly wired: Wired }): AssembledOperations {
  return {
    approvals: createApprovalOperations({
      ...{ approvals: wired.approvals, definitions: wired.store.definitions },
      policies: () => wired.policies.current(),
    }),
    upstreams: wired.upstreamOperations,
    tools: wired.tools,
    events: wired.events,
    activity: wired.activity,
  };
}
