import type { ApprovalQuery } from "../store/approvals.ts";

type Position = NonNullable<ApprovalQuery["before"]>;

/** A list's cursor: where the last request that was shown stands. */
export function cursorAfter({ createdAt, id }: Position): string {
  return `${createdAt}.${id}`;
}

/** The position in a cursor; `undefined` if it is none of ours. */
export function readCursor(text: string): Position | undefined {
  const parts = /^(\d{1,15})\.(apr_[\w-]{22})$/.exec(text);
  const [, createdAt, id] = parts ?? [];
  return createdAt === undefined || id === undefined ? undefined : { createdAt: Number(createdAt), id };
}
