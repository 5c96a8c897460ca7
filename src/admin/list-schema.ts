import { z } from "zod";

/** A time in an answer. */
export const time = z.iso.datetime().describe("RFC 3339, UTC.");

/** A time in a query, as ms since the epoch. */
export const timeInput = z.iso
  .datetime({ offset: true, error: 'Write the time as RFC 3339 has it: "2026-01-31T09:00:00Z".' })
  .transform((text) => Date.parse(text));

/** A yes or no in a query. */
export const flag = z
  .enum(["true", "false"])
  .transform((text) => text === "true")
  .prefault("false");

/** How many of a list in one answer. */
export function limitOf(most: number, usual: number) {
  return z.coerce.number().int().min(1).max(most).default(usual).describe("At most so many.");
}

/** Where a list goes on. */
export const cursor = z.string().min(1).max(2_000).optional().describe("next_cursor of the page before.");

/** Where a list of numbered entries goes on. */
export const numberCursor = z
  .string()
  .regex(/^\d{1,15}$/, { error: "Give the next_cursor of the page before." })
  .transform(Number)
  .optional()
  .describe("next_cursor of the page before.");

/** A page of a list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next_cursor: z.string().nullable().describe("Where the list goes on; null at its end."),
  });
}

/** ms since the epoch in words of an answer. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
