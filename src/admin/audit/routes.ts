import { z } from "zod";
import { auditEntryJson } from "../../audit/read/entry-json.ts";
import { exportEntries } from "../../audit/read/export-entries.ts";
import { listedEntries } from "../../audit/read/listed-entries.ts";
import { refuse } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { ActivityOperations, ActivityOverview } from "../../operations/activity/activity.ts";
import type { AuditFilter } from "../../store/audit/audit-rows.ts";
import type { ApprovalRouteDeps } from "../approvals/routes.ts";
import { viewApprovalDetail } from "../approvals/view.ts";
import { problemResponse } from "../http/problem.ts";
import { BARE, type Route, route } from "../http/route.ts";
import { streamPages } from "../http/stream-pages.ts";
import { timeText } from "../list-schema.ts";
import {
  type AuditFilterInput,
  activityQuerySchema,
  activitySchema,
  auditExportSchema,
  auditListSchema,
  auditQuerySchema,
  timelineSchema,
} from "./schema.ts";

/** What these routes work with. */
export interface AuditRoutesDeps extends ApprovalRouteDeps {
  readonly activity: ActivityOperations;
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
}

const facts = { method: "GET", tag: "activity", who: "administrators" } as const;
const DAY_MS = 86_400_000;

/** Content types of exports. */
const MEDIA = { jsonl: "application/x-ndjson", csv: "text/csv" } as const;

/** Routes of the record and of figures over it. */
export function auditRoutes(deps: AuditRoutesDeps): readonly Route[] {
  const { activity, log, now } = deps;
  return [
    route({
      ...BARE,
      ...{ ...facts, path: "/audit", id: "listAudit" },
      summary: "Search the record of every decision",
      query: auditQuerySchema,
      answer: {
        status: 200,
        description:
          "A page of entries, the newest first. So much is read for a page and no more: one may hold few entries, or none, and " +
          "not be the last.",
        schema: auditListSchema,
      },
      async handle({ query: { limit, cursor, ...asked }, reply }) {
        const at = cursor === undefined ? {} : { cursor };
        const page = await activity.search(listedEntries({ ...filterOf(asked), limit, ...at }));
        return reply({
          items: page.entries.map(auditEntryJson).reverse(),
          next_cursor: page.nextCursor === undefined ? null : String(page.nextCursor),
        });
      },
    }),
    route({
      ...BARE,
      ...{ ...facts, path: "/audit/export", id: "exportAudit" },
      summary: "Write out the record",
      description:
        "Everything that fits, refused requests too, the oldest first, without an end to how many: it is written as it is read. The header Audit-Head names the record's last row as it began.",
      query: auditExportSchema,
      answer: {
        status: 200,
        description:
          "Entries as in the list, one a line. A line that breaks off, or a connection that does, is no end.",
        schema: z.string(),
        media: Object.values(MEDIA),
      },
      async handle({ query: { format, ...asked }, incoming }) {
        const day = timeText(now()).slice(0, 10);
        const head = await activity.head();
        const pages = activity.export({ ...filterOf(asked), limit: 1 });
        const body = await streamPages(exportEntries(pages, format), (err) => {
          log.error({ err }, "An export of the audit broke off");
          incoming.socket.destroy();
        });
        return new Response(body, {
          headers: {
            "Content-Type": `${MEDIA[format]}; charset=utf-8`,
            "Content-Disposition": `attachment; filename="audit-${day}.${format}"`,
            // As `audit verify --anchor` takes it.
            ...(head === undefined ? {} : { "Audit-Head": `${head.seq}:${head.hash}` }),
          },
        });
      },
    }),
    route({
      ...BARE,
      ...{ ...facts, path: "/audit/:call_id", id: "getStory" },
      summary: "Read everything about one call",
      params: z.object({ call_id: z.string() }),
      refusals: ["CALL_UNKNOWN", "TOO_MANY_OPEN"],
      answer: { status: 200, description: "Its timeline.", schema: timelineSchema },
      handle: ({ operator, params, incoming, reply }) =>
        deps.inTurn({ operator, incoming }, async () => {
          const timeline = await activity.timeline(operator, params.call_id);
          if (timeline === undefined) return problemResponse(refuse("CALL_UNKNOWN"));
          const { approval, entries, cut } = timeline;
          const seen = approval && (await viewApprovalDetail(deps, approval.request, approval.history, operator));
          return reply({ entries: entries.map(auditEntryJson), cut, approval: seen ?? null });
        }),
    }),
    route({
      ...BARE,
      ...{ ...facts, path: "/activity", id: "getActivity" },
      summary: "Read figures over a time",
      query: activityQuerySchema,
      answer: { status: 200, description: "The figures.", schema: activitySchema },
      async handle({ query, reply }) {
        const until = query.until ?? now();
        const since = query.since ?? until - DAY_MS;
        const stepMs = query.step_seconds * 1_000;
        if (since >= until) return refuse("PARAMS_INVALID", "since: Must be before until.");
        return reply(activityJson(await activity.overview({ since, until, stepMs })));
      },
    }),
  ];
}

// `expenses/create_expense` names both, unless the server is named by itself: tools may have a slash in their names.
function filterOf({
  upstream,
  tool,
  method,
  subject,
  user,
  decision,
  kind,
  code,
  outcome,
  client,
  policy,
  shadow,
  approval,
  call,
  since,
  until,
}: AuditFilterInput): Omit<AuditFilter, "limit"> {
  const slash = upstream === undefined ? (tool?.indexOf("/") ?? -1) : -1;
  const server = slash > 0 ? tool?.slice(0, slash) : upstream;
  return {
    ...(user === undefined ? {} : { user }),
    ...(server === undefined ? {} : { upstream: server }),
    ...(tool === undefined ? {} : { tool: slash > 0 ? tool.slice(slash + 1) : tool }),
    ...(method === undefined ? {} : { method }),
    ...(subject === undefined ? {} : { subject }),
    ...(decision === undefined ? {} : { decision }),
    ...(kind === undefined ? {} : { kind }),
    ...(code === undefined ? {} : { code }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(client === undefined ? {} : { client }),
    ...(policy === undefined ? {} : { policy }),
    ...(shadow ? { shadow } : {}),
    ...(approval === undefined ? {} : { approval }),
    ...(call === undefined ? {} : { call }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

function activityJson(overview: ActivityOverview): z.input<typeof activitySchema> {
  const { since, until, stepMs, points, upstreams, waiting, behind } = overview;
  return {
    since: timeText(since),
    until: timeText(until),
    step_seconds: stepMs / 1_000,
    points: points.map((point) => ({
      at: timeText(point.at),
      decisions: { ...point.decisions },
      others: { prompt: { ...point.others.prompt }, resource: { ...point.others.resource } },
      upstreams: latenciesJson(point.upstreams),
      waiting: waitingJson(point.waiting),
    })),
    upstreams: latenciesJson(upstreams),
    waiting: waitingJson(waiting),
    behind,
  };
}

function latenciesJson(upstreams: ActivityOverview["upstreams"]) {
  return [...upstreams].map(([upstream, { calls, faults, unanswered, unended, p50Ms, p95Ms }]) => ({
    ...{ upstream, calls, faults, unanswered, unended },
    ...{ p50_ms: p50Ms ?? null, p95_ms: p95Ms ?? null },
  }));
}

function waitingJson({ decided, p50Ms, p95Ms }: ActivityOverview["waiting"]) {
  return { decided, p50_ms: p50Ms ?? null, p95_ms: p95Ms ?? null };
}
