import { z } from "zod";
import type { SessionView } from "../core/live-sessions.ts";
import type { SessionOperations } from "../operations/sessions/sessions.ts";
import type { SignedInOperations, SignedInView } from "../operations/sessions/signed-in.ts";
import { BARE, type Route, route } from "./http/route.ts";
import { cursor, limitOf, pageOf, time, timeText } from "./list-schema.ts";

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

const signedInSchema = z
  .object({
    id: z.string().describe("A name for it here; not what its cookie holds, which is a secret."),
    user: z.object({ issuer: z.string(), subject: z.string(), email: z.string().nullable() }),
    created_at: time,
    last_seen_at: time,
    expires_at: time.describe("When it ends however much it is used. RFC 3339, UTC."),
  })
  .meta({ id: "ConsoleSession", description: "A browser that is signed in to the console." });

/** Routes of sessions: those of MCP clients, and those of the console. */
export function sessionRoutes(sessions: SessionOperations, signedIn: SignedInOperations): readonly Route[] {
  return [
    route({
      ...BARE,
      ...{
        method: "GET",
        path: "/console-sessions",
        id: "listConsoleSessions",
        tag: "sessions",
        who: "administrators",
      },
      summary: "List who is signed in to the console",
      query: z.strictObject({ limit: limitOf(100, 50), cursor }),
      answer: {
        status: 200,
        description: "A page of sessions, the one seen last first. A page may hold fewer than there are.",
        schema: pageOf(signedInSchema),
      },
      async handle({ query: { limit, cursor: from }, reply }) {
        const page = await signedIn.list({ limit, ...(from === undefined ? {} : { cursor: from }) });
        return reply({ items: page.items.map(signedInJson), next_cursor: page.nextCursor ?? null });
      },
    }),
    route({
      ...BARE,
      ...{ method: "DELETE", path: "/console-sessions/:id", tag: "sessions", who: "administrators" },
      id: "endConsoleSession",
      summary: "Sign somebody out of the console",
      description: "It counts from the next request of that browser. It keeps nobody from signing in again.",
      params: z.object({ id: z.string() }),
      refusals: ["SESSION_UNKNOWN"],
      answer: { status: 204, description: "It has ended." },
      async handle({ operator, params, reply }) {
        const ended = await signedIn.end(operator, params.id);
        return ended.ok ? reply(undefined) : ended;
      },
    }),
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
      description: "Its calls in flight end as `SESSION_ENDED`, and its client has to begin again.",
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

function signedInJson(session: SignedInView): z.input<typeof signedInSchema> {
  const { id, issuer, subject, email, createdAt, lastSeenAt, expiresAt } = session;
  return {
    ...{ id, user: { issuer, subject, email: email ?? null } },
    ...{ created_at: timeText(createdAt), last_seen_at: timeText(lastSeenAt), expires_at: timeText(expiresAt) },
  };
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
