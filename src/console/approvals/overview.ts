import type { ApprovalRequest } from "../../core/approval.ts";
import type { ApprovalOperations } from "../../operations/approvals/approvals.ts";
import type { Operator } from "../../operations/operator.ts";

/** Some requests, and whether there are more of their kind. */
export interface Found {
  readonly requests: readonly ApprovalRequest[];
  readonly more: boolean;
}

const DECIDE_ROWS = 25;
const PART_ROWS = 8;

/** What is neither of the others is looked for among so many of the newest, a page at a time. */
const PAGE_ROWS = 100;
const MAX_PAGES = 3;

/**
 * What the inbox opens with: what waits for the operator, the next to end first; what they asked for; and what is neither of
 * these, whether it found room in its own part or not. @throws StoreError
 */
export async function readInboxOverview(
  approvals: ApprovalOperations,
  operator: Operator,
): Promise<{ readonly decide: Found; readonly mine: Found; readonly others: Found }> {
  const part = async (query: Parameters<ApprovalOperations["list"]>[1]): Promise<Found> => {
    const { items, nextCursor } = await approvals.list(operator, query);
    return { requests: items, more: nextCursor !== undefined };
  };
  const [decide, mine, others] = await Promise.all([
    part({ decidable: true, limit: DECIDE_ROWS }),
    part({ mine: true, limit: PART_ROWS }),
    readOthers(approvals, operator),
  ]);
  return { decide, mine, others };
}

async function readOthers(approvals: ApprovalOperations, operator: Operator): Promise<Found> {
  const found: ApprovalRequest[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { items, nextCursor } = await approvals.list(operator, { limit: PAGE_ROWS }, cursor);
    found.push(...items.filter((it) => !approvals.isMine(operator, it) && !approvals.mayDecide(operator, it).ok));
    if (found.length > PART_ROWS || nextCursor === undefined)
      return { requests: found.slice(0, PART_ROWS), more: found.length > PART_ROWS || nextCursor !== undefined };
    cursor = nextCursor;
  }
  return { requests: found, more: true };
}
