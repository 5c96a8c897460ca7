import type { ApprovalRequest } from "../../core/approval.ts";
import type { Operator } from "../operator.ts";
import type { ApprovalOperations } from "./approvals.ts";
import { argumentMisfits } from "./argument-misfits.ts";

/** Characters of whole arguments that are read for one list: one call's may be as large as a body. */
export const WHOLE_CHARS = 4 * 1024 * 1024;

/** Requests of a list in the order in which their arguments are read, for when not all are: those that wait come first. */
export function waitingFirst(requests: readonly ApprovalRequest[]): readonly ApprovalRequest[] {
  const waits = ({ state }: ApprovalRequest): boolean => state === "pending";
  return [...requests.filter(waits), ...requests.filter((request) => !waits(request))];
}

/**
 * The ids of those of a list whose arguments do not fit their tool, as far as the operator may see them, and no further than
 * `WHOLE_CHARS` go. @throws StoreError
 */
export async function listedMisfits(
  approvals: Pick<ApprovalOperations, "arguments" | "definition">,
  operator: Operator,
  requests: readonly ApprovalRequest[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  let left = WHOLE_CHARS;
  for (const request of waitingFirst(requests)) {
    if (left <= 0) break;
    const given = await approvals.arguments(operator, request);
    if (given === undefined) continue;
    left -= JSON.stringify(given).length;
    const definition = await approvals.definition(request);
    if (definition !== undefined && argumentMisfits(definition["inputSchema"], given).length > 0) found.add(request.id);
  }
  return found;
}
