import { z } from "zod";
import type { SessionOperations, SessionView } from "../operations/sessions.ts";
import { cursor, limitOf, pageOf, time, timeText } from "./list-schema.ts";
import { BARE, type Route, route } from "./route.ts";

const sessionSchema = z
  .object({
    id: z.string().describe("A name for it here; not the id that its client holds, which is a secret."),
    era: z.enum(["legacy", "modern"]).describe("legacy: a session. modern: an open subscription."),
    user: z.object({ issuer: z.string(), subject: z.string(), email: z.string().nullable() }),
    endpoint: z.string().describe("Empty for /mcp, else the name after it."),
    protocol_version: z.string(),
    client: z.record(z.string(), z.unknown()).describe("What the client says of itself: name, version."),
    created_at: time,
    last_seen_at: time,
    connected: z.boolean().describe("An event stream is open."),
    in_flight: z.int().describe("Calls that run now."),
  })
  .meta({ id: "Session", description: "A client that is connected." });

/** Routes of `sessions`. */
export function sessionRoutes(sessions: SessionOperations): readonly Route[] {
  return [
    route({
      ...BARE,
      ...{ method: "GET", path: "/sessions", id: "listSessions", tag: "sessions", who: "administrators" },
      summary: "List who is connected",
      query: z.strictObject({ limit: limitOf(100, 50), cursor }),
      answer: {
        status: 200,
        description: "A page of sessions, the one seen last first.",
        schema: pageOf(sessionSchema),
      },
      async handle({ query, reply }) {
        const page = await sessions.list({
          limit: query.limit,
          ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
        });
        return reply({ items: page.items.map(sessionJson), next_cursor: page.nextCursor ?? null });
      },
    }),
    route({
      ...BARE,
      ...{ method: "DELETE", path: "/sessions/:id", id: "endSession", tag: "sessions", who: "administrators" },
      summary: "End a session",
      description: "Its calls in flight are cancelled, and its client has to begin again.",
      params: z.object({ id: z.string() }),
      refusals: ["SESSION_UNKNOWN"],
      answer: { status: 204, description: "It has ended." },
      async handle({ operator, params, reply }) {
        const ended = await sessions.end(operator, params.id);
        return ended.ok ? reply(undefined) : ended;
      },
    }),
  ];
}

function sessionJson(session: SessionView): z.input<typeof sessionSchema> {
  const { id, era, issuer, subject, email, endpoint, protocolVersion, clientInfo } = session;
  return {
    ...{ id, era, user: { issuer, subject, email: email ?? null }, endpoint },
    protocol_version: protocolVersion,
    client: { ...clientInfo },
    created_at: timeText(session.createdAt),
    last_seen_at: timeText(session.lastSeenAt),
    connected: session.connected,
    in_flight: session.inFlight,
  };
}
