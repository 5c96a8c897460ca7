import { type Context, Hono } from "hono";
import type { Area } from "../area.ts";
import { ButtonLink } from "../components/button.tsx";
import type { ConsoleEnv } from "../console-env.ts";
import { type PageFrame, page } from "../layout.tsx";
import { missingPage, refusedPage } from "../plain-pages.tsx";
import { CallerList, readCallers } from "./callers.tsx";
import { EndSession } from "./end-session.tsx";
import { SessionList } from "./session-list.tsx";
import { SignedInList, SignOut } from "./signed-in.tsx";

const PAGE_SESSIONS = 50;
const DAY_MS = 86_400_000;

/** Who is connected, and the end of a session. */
export const sessionsArea: Area = {
  path: "sessions",
  title: "Sessions",
  admin: true,
  create: ({ operations: { sessions, signedIn, activity }, hosts: { publicUrl } }) => {
    const app = new Hono<ConsoleEnv>();

    app.get("/", async (c) => {
      const cursor = c.req.query("cursor");
      const listed = await sessions.list({ limit: PAGE_SESSIONS, ...(cursor === undefined ? {} : { cursor }) });
      const frame = { title: "Sessions", area: "sessions", lead: LEAD, ...noticeOf(c) };
      const mcp = `${publicUrl}/mcp`;
      const found = await readCallers(activity, c.get("at") - DAY_MS);
      const called = found.callers.length > 0;
      return page(
        c,
        frame,
        <>
          <SessionList page={listed} cursor={cursor} now={c.get("at")} mcp={mcp} called={called} />
          {cursor === undefined ? <CallerList found={found} now={c.get("at")} /> : null}
          <p class="actions">
            <ButtonLink href="/console/sessions/signed-in">Who is signed in to the console</ButtonLink>
          </p>
        </>,
      );
    });

    app.get("/signed-in", async (c) => {
      const cursor = c.req.query("cursor");
      const listed = await signedIn.list({ limit: PAGE_SESSIONS, ...(cursor === undefined ? {} : { cursor }) });
      const frame = { title: "Signed in to the console", area: "sessions", lead: SIGNED_IN_LEAD, ...noticeOf(c) };
      return page(c, frame, <SignedInList page={listed} cursor={cursor} now={c.get("at")} />);
    });

    app.get("/signed-in/end", async (c) => {
      const session = await signedIn.find(c.req.query("id") ?? "");
      if (session === undefined) return missingPage(c);
      const frame = { title: "Sign them out?", area: "sessions" };
      return page(c, frame, <SignOut session={session} csrfToken={c.get("csrfToken")} now={c.get("at")} />);
    });

    app.post("/signed-in/end", async (c) => {
      const ended = await signedIn.end(c.get("operator"), c.get("form").text("id"));
      if (!ended.ok && ended.code !== "SESSION_UNKNOWN") return refusedPage(c, "admin");
      return c.redirect(`/console/sessions/signed-in?done=${ended.ok ? "ended" : "gone"}`, 303);
    });

    app.get("/end", async (c) => {
      const session = await sessions.find(c.req.query("id") ?? "");
      if (session === undefined) return missingPage(c);
      const frame = { title: "End this session?", area: "sessions" };
      return page(c, frame, <EndSession session={session} csrfToken={c.get("csrfToken")} now={c.get("at")} />);
    });

    app.post("/end", async (c) => {
      const ended = await sessions.end(c.get("operator"), c.get("form").text("id"));
      if (!ended.ok && ended.code !== "SESSION_UNKNOWN") return refusedPage(c, "admin");
      return c.redirect(`/console/sessions?done=${ended.ok ? "ended" : "gone"}`, 303);
    });

    return app;
  },
};

const LEAD =
  "MCP clients that hold a session or listen for changes, the one seen last first, and who called in the last day.";

const SIGNED_IN_LEAD =
  "Browsers that are signed in here, the one seen last first. An ended one is out at its next request.";

function noticeOf(c: Context<ConsoleEnv>): Pick<PageFrame, "notice"> {
  switch (c.req.query("done")) {
    case "ended":
      return { notice: { tone: "good", text: "The session was ended." } };
    case "gone":
      return { notice: { tone: "warn", text: "The session was gone already." } };
    default:
      return {};
  }
}
