import { type Context, Hono } from "hono";
import { listedEntries } from "../../audit/read/listed-entries.ts";
import { subjectOf } from "../../audit/read/subject-of.ts";
import type { ActivityOperations } from "../../operations/activity/activity.ts";
import type { Area } from "../area.ts";
import type { ConsoleEnv } from "../console-env.ts";
import { page } from "../layout.tsx";
import { missingPage } from "../plain-pages.tsx";
import { CallsPage, PAGE_ENTRIES } from "./calls-page.tsx";
import { FiguresPage, timeRangeOf } from "./figures-page.tsx";
import { readSearch } from "./read-search.ts";
import { TimelinePage } from "./timeline-page.tsx";

/** What happened: every call with its decision, figures over time, one call's timeline. */
export const activityArea: Area = {
  path: "activity",
  title: "Activity",
  admin: true,
  create: ({ operations: { activity }, hosts }) => createActivity(activity, hosts.publicUrl),
};

const DAY_MS = 86_400_000;

/** More newer entries than these are not counted. */
const MAX_NEWER = 99;

function createActivity(activity: ActivityOperations, publicUrl: string): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>();

  app.get("/", async (c) => {
    const now = c.get("at");
    const search = readSearch((name) => c.req.query(name));
    const cursor = numberIn(c.req.query("cursor"));
    const filter = { ...search.filter, limit: PAGE_ENTRIES, ...(cursor === undefined ? {} : { cursor }) };
    const found = await activity.search(listedEntries(filter));
    const whole = !search.narrow && cursor === undefined;
    const day = { since: now - DAY_MS, until: now, stepMs: DAY_MS / 48 };
    const overview = whole && found.entries.length > 0 ? await activity.overview(day) : undefined;
    const frame = { title: "Activity", area: "activity", lead: LEAD };
    const shown = { search, listed: found, cursor, overview, now, assets: c.get("assets"), url: publicUrl };
    return page(c, frame, <CallsPage {...shown} />);
  });

  app.get("/newer", async (c) => {
    const after = numberIn(c.req.query("after"));
    if (after === undefined) return missingPage(c);
    const { filter } = readSearch((name) => c.req.query(name));
    const { entries, nextCursor } = await activity.search(listedEntries({ ...filter, after, limit: MAX_NEWER }));
    return c.json({ newer: entries.length, more: nextCursor !== undefined });
  });

  app.get("/figures", async (c) => {
    const range = timeRangeOf(c.req.query("range"));
    const now = c.get("at");
    const overview = await activity.overview({ since: now - range.lengthMs, until: now, stepMs: range.stepMs });
    const frame = {
      title: "Figures",
      area: "activity",
      lead: "What was decided, how fast servers answer, how long people wait.",
    };
    return page(c, frame, <FiguresPage overview={overview} range={range} assets={c.get("assets")} />);
  });

  app.get("/:id", async (c) => {
    const id = c.req.param("id");
    const timeline = await activity.timeline(c.get("operator"), id);
    if (timeline === undefined) return missingPage(c);
    return timelinePage(c, timeline, id);
  });

  return app;
}

const LEAD = "Every request for a tool, a prompt or a resource, what was decided about it, and why. The newest first.";

function timelinePage(c: Context<ConsoleEnv>, timeline: Parameters<typeof TimelinePage>[0]["timeline"], id: string) {
  const call = timeline.entries.find(({ callId }) => callId === id) ?? timeline.entries[0];
  const kind = call === undefined ? undefined : subjectOf(call)?.kind;
  const title = kind === undefined ? "One act" : kind === "tool" ? "One call" : "One request";
  return page(
    c,
    { title, area: "activity", lead: LEAD_TIMELINE },
    <TimelinePage timeline={timeline} id={id} now={c.get("at")} />,
  );
}

const LEAD_TIMELINE = "Everything on record about it, the earliest first.";

/** A whole number of at most 15 digits; `undefined` for everything else, which no link of ours says. */
function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
