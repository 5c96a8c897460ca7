import { z } from "zod";
import type { NotificationOperations } from "../operations/notifications.ts";
import type { OutboxEntry } from "../store/approvals/outbox.ts";
import { BARE, type Route, route } from "./http/route.ts";
import { limitOf, numberCursor, pageOf, time, timeText } from "./list-schema.ts";

const STATES = ["waiting", "done", "dead"] as const;

const notificationSchema = z
  .object({
    id: z.int(),
    notifier: z.string().describe("Its name in the configuration."),
    state: z.enum(STATES).describe("dead: given up after its last attempt."),
    kind: z.string().describe("What it tells: requested, escalated, …"),
    approval: z.string().describe("Id of the request for approval that it is about."),
    attempts: z.int(),
    created_at: time,
    next_at: time.nullable().describe("When it is tried next; null: no more."),
    ended_at: time.nullable().describe("When it was delivered or given up."),
    last_error: z.string().nullable().describe("What failed last, for operators."),
  })
  .meta({ id: "Notification", description: "A message to people about a request for approval." });

/** The route of `notifications`. */
export function notificationRoutes(notifications: NotificationOperations): readonly Route[] {
  return [
    route({
      ...BARE,
      ...{ method: "GET", path: "/notifications", id: "listNotifications", tag: "approvals", who: "administrators" },
      summary: "List messages to people, such as those that were given up",
      query: z.strictObject({
        state: z.enum(STATES).default("dead").describe("Where they stand."),
        notifier: z.string().min(1).max(64).optional().describe("Name of a notifier."),
        approval: z.string().min(1).max(64).optional().describe("Id of a request for approval."),
        limit: limitOf(100, 50),
        cursor: numberCursor,
      }),
      answer: { status: 200, description: "A page of messages, the newest first.", schema: pageOf(notificationSchema) },
      async handle({ query: { state, notifier, approval, limit, cursor }, reply }) {
        const page = await notifications.list({
          ...{ state, limit },
          ...(notifier === undefined ? {} : { notifier }),
          ...(approval === undefined ? {} : { requestId: approval }),
          ...(cursor === undefined ? {} : { cursor }),
        });
        return reply({
          items: page.entries.map(notificationJson),
          next_cursor: page.nextCursor === undefined ? null : String(page.nextCursor),
        });
      },
    }),
  ];
}

function notificationJson(entry: OutboxEntry): z.input<typeof notificationSchema> {
  const { id, notifier, state, notice, attempts, createdAt, nextAt, endedAt, lastError } = entry;
  return {
    ...{ id, notifier, state, kind: notice.kind, approval: notice.requestId, attempts },
    created_at: timeText(createdAt),
    next_at: state === "waiting" ? timeText(nextAt) : null,
    ended_at: endedAt === undefined ? null : timeText(endedAt),
    last_error: lastError ?? null,
  };
}
