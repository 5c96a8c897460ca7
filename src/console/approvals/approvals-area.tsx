import { type Context, Hono } from "hono";
import type { Child } from "hono/jsx";
import type { ApprovalRequest } from "../../core/approval.ts";
import { ERRORS, type Refusal } from "../../core/errors.ts";
import type { ApprovalOperations } from "../../operations/approvals/approvals.ts";
import type { Area, AreaDeps } from "../area.ts";
import type { BannerTone } from "../components/banner.tsx";
import { Live } from "../components/live.tsx";
import type { ConsoleEnv } from "../console-env.ts";
import { harmless } from "../harmless.ts";
import { page } from "../layout.tsx";
import { missingPage } from "../plain-pages.tsx";
import { argumentsFile } from "./arguments-file.ts";
import { Inbox, InboxList, type InboxPart } from "./inbox-page.tsx";
import { type InboxQuery, inboxUrl, listQuery, readInboxQuery } from "./inbox-query.ts";
import { type Found, readInboxOverview } from "./overview.ts";
import { RequestPage } from "./request-page.tsx";
import type { ListedRequest } from "./request-table.tsx";
import { type RequestView, viewRequest } from "./request-view.ts";
import { WayOn } from "./way-on.tsx";

/** Requests for approval: what waits for whom, what exactly would run, and the decision. */
export const approvalsArea: Area = {
  path: "approvals",
  title: "Approvals",
  admin: false,
  waiting: ({ operations }, operator) => operations.approvals.waiting(operator, MOST_WAITING),
  create: createApprovalPages,
};

/** Rows of a list. */
const LIST_ROWS = 50;

/** More than anybody counts. */
const MOST_WAITING = 99;

const ID = ":id{apr_[\\w-]{22}}";

type PageContext = Context<ConsoleEnv>;

function createApprovalPages({ operations }: AreaDeps): Hono<ConsoleEnv> {
  const { approvals } = operations;
  const app = new Hono<ConsoleEnv>();

  app.get("/", async (c) => {
    const query = readInboxQuery(new URL(c.req.url).searchParams);
    return query === undefined ? overview(c, approvals) : list(c, approvals, query);
  });

  app.get(`/${ID}`, async (c) => {
    const view = await viewRequest(approvals, c.get("operator"), c.req.param("id"));
    if (view === undefined) return missingPage(c);
    const notice = NOTICES[c.req.query("done") ?? ""];
    return requestPage(c, view, notice === undefined ? {} : { notice: { tone: "good", text: notice } });
  });

  app.get(`/${ID}/arguments`, async (c) => {
    const operator = c.get("operator");
    const request = await approvals.find(operator, c.req.param("id"));
    const given = request && (await approvals.arguments(operator, request));
    if (request === undefined || given === undefined) return missingPage(c);
    return argumentsFile(c, request.id, given);
  });

  app.post(`/${ID}/decision`, async (c) => {
    const form = c.get("form");
    const decision = form.text("decision");
    if (decision !== "approve" && decision !== "reject") return missingPage(c);
    const acted = await approvals.decide(c.get("operator"), {
      id: c.req.param("id"),
      decision,
      reason: form.text("reason"),
      version: Number(form.text("version")),
      argumentsDigest: form.text("digest"),
      channel: "console",
      ip: c.get("ip") || undefined,
    });
    return acted.ok ? done(c, acted.request, decision === "approve" ? "approved" : "rejected") : refused(c, acted);
  });

  app.post(`/${ID}/cancel`, async (c) => {
    const acted = await approvals.cancel(c.get("operator"), c.req.param("id"));
    return acted.ok ? done(c, acted.request, "cancelled") : refused(c, acted);
  });

  app.post(`/${ID}/resolve`, async (c) => {
    const form = c.get("form");
    const outcome = form.text("outcome");
    if (outcome !== "succeeded" && outcome !== "failed") return missingPage(c);
    const acted = await approvals.resolve(c.get("operator"), c.req.param("id"), outcome, form.text("reason"));
    return acted.ok ? done(c, acted.request, "resolved") : refused(c, acted);
  });

  /** Shows the request as it is now, with why nothing was done and what was written. */
  async function refused(c: PageContext, refusal: Refusal): Promise<Response> {
    if (refusal.code === "APPROVAL_UNKNOWN") return missingPage(c);
    const view = await viewRequest(approvals, c.get("operator"), c.req.param("id") ?? "");
    if (view === undefined) return missingPage(c);
    const { message } = ERRORS[refusal.code];
    const status = statusOf(refusal);
    const form = c.get("form");
    const seen = Number(form.text("seen"));
    const wanted = refusal.code === "APPROVAL_REASON_REQUIRED" || refusal.code === "PARAMS_INVALID";
    return requestPage(c, view, {
      status,
      notice: { tone: "bad", text: `${message} Nothing was done.` },
      ...(status === 409 && Number.isInteger(seen) && seen > 0 ? { seen } : {}),
      written: { reason: form.text("reason"), error: wanted ? (refusal.detail ?? message) : undefined },
    });
  }

  return app;
}

function statusOf({ code }: Refusal): 400 | 403 | 409 | 500 {
  const { status } = ERRORS[code];
  return status === 400 || status === 403 || status === 409 ? status : 500;
}

/** What a redirect may have the page say. */
const NOTICES: Readonly<Record<string, string>> = {
  approved: "Your approval is recorded.",
  rejected: "Your rejection is recorded. The call does not run.",
  cancelled: "The request is taken back.",
  resolved: "The request is closed.",
};

function done(c: PageContext, { id }: ApprovalRequest, what: keyof typeof NOTICES): Response {
  return c.redirect(`/console/approvals/${id}?done=${what}`, 303);
}

async function overview(c: PageContext, approvals: ApprovalOperations): Promise<Response> {
  const operator = c.get("operator");
  const { decide, mine, others } = await readInboxOverview(approvals, operator);
  const toRow = await rowsOf(c, approvals, [...decide.requests, ...mine.requests, ...others.requests]);
  const part = ({ requests, more }: Found): InboxPart => ({ rows: requests.map(toRow), more });
  const lead = "Calls that people have to agree to before they run.";
  return page(
    c,
    { title: "Approvals", area: "approvals", count: c.get("waiting")?.get("approvals") ?? 0, lead },
    <LivePart c={c} url="/console/approvals">
      <Inbox decide={part(decide)} mine={part(mine)} others={part(others)} admin={operator.admin} now={c.get("at")} />
    </LivePart>,
  );
}

async function list(c: PageContext, approvals: ApprovalOperations, query: InboxQuery): Promise<Response> {
  const operator = c.get("operator");
  const found = await approvals.list(operator, listQuery(query, LIST_ROWS), query.cursor);
  const toRow = await rowsOf(c, approvals, found.items);
  return page(
    c,
    { title: "Approvals", area: "approvals" },
    <LivePart c={c} url={inboxUrl(query, query.cursor)}>
      <InboxList
        query={query}
        rows={found.items.map(toRow)}
        next={found.nextCursor}
        admin={operator.admin}
        now={c.get("at")}
      />
    </LivePart>,
  );
}

function LivePart(props: {
  readonly c: PageContext;
  readonly id?: string;
  readonly url: string;
  readonly children?: Child;
}) {
  const { c, id, url, children } = props;
  return (
    <>
      <Live assets={c.get("assets")} kind="approval" url={url} now={c.get("at")} {...(id === undefined ? {} : { id })}>
        {children}
      </Live>
      <script src={c.get("assets")("keys.js")} defer />
    </>
  );
}

/** What makes rows of these requests. */
async function rowsOf(
  c: PageContext,
  approvals: ApprovalOperations,
  requests: readonly ApprovalRequest[],
): Promise<(request: ApprovalRequest) => ListedRequest> {
  const operator = c.get("operator");
  const open = requests.filter(({ state }) => state === "pending" || state === "approved");
  const standings = new Map(
    await Promise.all(open.map(async (request) => [request.id, await approvals.standing(request)] as const)),
  );
  return (request) => ({
    request,
    message: approvals.message(operator, request),
    decidable: approvals.mayDecide(operator, request).ok,
    misfits: (approvals.misfits(operator, request) ?? []).length > 0,
    standing: standings.get(request.id) ?? "as_asked",
  });
}

function requestPage(
  c: PageContext,
  view: RequestView,
  how: {
    readonly status?: 400 | 403 | 409 | 500;
    readonly notice?: { readonly tone: BannerTone; readonly text: string };
    readonly seen?: number;
    readonly written?: { readonly reason: string; readonly error: string | undefined };
  } = {},
): Response | Promise<Response> {
  const { status, notice, seen, written } = how;
  return page(
    c,
    {
      title: harmless(view.request.tool, 80).text,
      area: "approvals",
      ...(status === undefined ? {} : { status }),
      ...(notice === undefined ? {} : { notice }),
    },
    <LivePart c={c} id={view.request.id} url={`/console/approvals/${view.request.id}`}>
      <WayOn next={view.next} waiting={c.get("waiting")?.get("approvals")} now={c.get("at")} />
      <RequestPage view={view} csrfToken={c.get("csrfToken")} now={c.get("at")} seen={seen} written={written} />
    </LivePart>,
  );
}
