import type { ApprovalFilter } from "../approvals/approvals.ts";
import type { Principal } from "../core/principal.ts";
import type { ApprovalQueryInput } from "./approval-schema.ts";

/** What the store looks for. Whoever is not an administrator never gets to requests that are not theirs to see. */
export function listFilter(query: ApprovalQueryInput, principal: Principal, admin: boolean): ApprovalFilter {
  const { issuer, subject } = principal;
  // A machine or nobody in particular decides nothing, so that only what they asked for concerns them.
  const ownOnly = query.mine || principal.kind !== "person";
  const { upstream, tool } = toolOf(query);
  return {
    limit: query.limit,
    ...(query.state === undefined ? {} : { states: query.state }),
    ...(query.decidable ? { decidableBy: principal } : {}),
    ...(admin || ownOnly ? {} : { visibleTo: principal }),
    ...(ownOnly ? { requester: { issuer, subject } } : {}),
    ...(query.flow === undefined ? {} : { flow: query.flow }),
    ...(upstream === undefined ? {} : { upstream }),
    ...(tool === undefined ? {} : { tool }),
  };
}

// `expenses/create_expense` names both, unless the server is named by itself: tools may have a slash in their names.
function toolOf({ upstream, tool }: ApprovalQueryInput): Pick<ApprovalQueryInput, "upstream" | "tool"> {
  const slash = upstream === undefined ? (tool?.indexOf("/") ?? -1) : -1;
  return slash > 0 ? { upstream: tool?.slice(0, slash), tool: tool?.slice(slash + 1) } : { upstream, tool };
}
