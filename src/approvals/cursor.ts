import type { ApprovalQuery } from "../store/approvals/approvals.ts";

type Position = NonNullable<ApprovalQuery["after"]>;

/** A list's order: by when it was asked, the newest first; or by its end, the soonest first. */
export type ListOrder = "newest" | "ending";

/** What tells the cursors of one order from those of the other. */
const MARKS = { newest: "", ending: "e" } as const satisfies Record<ListOrder, string>;

/** Where a request stands in a list of this order. */
export function positionOf(
  { createdAt, pendingUntil, id }: { readonly createdAt: number; readonly pendingUntil: number; readonly id: string },
  order: ListOrder,
): Position {
  return { at: order === "newest" ? createdAt : pendingUntil, id };
}

/** A list's cursor: where the last request that was shown stands. */
export function cursorAfter({ at, id }: Position, order: ListOrder): string {
  return `${MARKS[order]}${at}.${id}`;
}

/** The position in a cursor; `undefined` if it is none of ours, or of a list in another order. */
export function readApprovalCursor(text: string, order: ListOrder): Position | undefined {
  const parts = /^(e?)(\d{1,15})\.(apr_[\w-]{22})$/.exec(text);
  const [, mark, at, id] = parts ?? [];
  return at === undefined || id === undefined || mark !== MARKS[order] ? undefined : { at: Number(at), id };
}
