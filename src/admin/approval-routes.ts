import type { Context, Hono } from "hono";
import type { Acted, Approvals } from "../approvals/approvals.ts";
import type { ApprovalRequest } from "../core/approval.ts";
import { ERRORS, type Refusal, refuse } from "../core/errors.ts";
import type { Principal } from "../core/principal.ts";
import { credentialOf } from "../http/credential.ts";
import { isAdmin, maySee, maySeeArguments } from "../operations/access.ts";
import type { ApiEnv } from "./api-env.ts";
import { approvalJson, eventJson } from "./approval-json.ts";
import { listFilter } from "./approval-query.ts";
import {
  APPROVAL_QUERY_LISTS,
  type ApprovalBody,
  type ApprovalDetailBody,
  type ApprovalListBody,
  approvalQuerySchema,
  cancellationSchema,
  decisionSchema,
  resolutionSchema,
} from "./approval-schema.ts";
import { problem } from "./problem.ts";
import { type Input, readJson, readQuery } from "./read-input.ts";

/** What these routes work with. */
export interface ApprovalRoutesDeps {
  readonly approvals: Approvals;
  readonly adminRoles: readonly string[];
  /** The URL of the API, for links: `https://…/api/v1` */
  readonly base: string;
}

/** Characters of whole arguments in one list. */
const WHOLE_CHARS = 4 * 1024 * 1024;

type ApiContext = Context<ApiEnv>;

/**
 * Adds `approvals` to the API. Who asks sees their own requests, an approver those of which they may approve a stage, an
 * administrator all; every other id is answered as one that never was. Nothing but a POST changes anything.
 */
export function mountApprovals(app: Hono<ApiEnv>, deps: ApprovalRoutesDeps): void {
  const { approvals, adminRoles } = deps;
  const path = "/api/v1/approvals";

  app.get(path, async (c) => {
    const principal = c.get("principal");
    const query = readQuery(new URL(c.req.url).searchParams, approvalQuerySchema, APPROVAL_QUERY_LISTS);
    if (!query.ok) return badInput(query);
    const filter = listFilter(query.value, principal, isAdmin(principal, adminRoles));
    const page = await approvals.list(filter, query.value.cursor);
    // The store finds those of an escalation before it is time for them; they hear of the request when it is.
    const items = page.items.filter((request) => maySee(request, principal, adminRoles));
    const whole = query.value.arguments === "whole";
    const body: ApprovalListBody = {
      items: await viewAll(deps, items, principal, whole),
      next_cursor: page.nextCursor ?? null,
    };
    return c.json(body);
  });

  app.get(`${path}/:id`, async (c) => {
    const principal = c.get("principal");
    const request = await find(deps, c);
    if (request === undefined) return unknown();
    const history = (await approvals.history(request.id)).map(eventJson);
    const body: ApprovalDetailBody = { ...(await view(deps, request, principal, true)), history };
    return c.json(body);
  });

  app.post(`${path}/:id/decision`, async (c) => {
    const input = await readJson(c.env.incoming, decisionSchema);
    if (input === undefined) return gone(c);
    if (!input.ok) return badInput(input);
    const request = await find(deps, c);
    if (request === undefined) return unknown();
    const { decision, reason, version, arguments_digest: argumentsDigest } = input.value;
    const acted = await approvals.decide({
      id: request.id,
      approver: c.get("principal"),
      decision,
      reason,
      version,
      argumentsDigest,
      channel: "api",
      ip: credentialOf(c.env.incoming).remoteAddress || undefined,
    });
    return answer(deps, c, request.id, acted);
  });

  app.post(`${path}/:id/cancel`, async (c) => {
    const input = await readJson(c.env.incoming, cancellationSchema);
    if (input === undefined) return gone(c);
    if (!input.ok) return badInput(input);
    const request = await find(deps, c);
    if (request === undefined) return unknown();
    return answer(deps, c, request.id, await approvals.cancel(request.id, c.get("principal")));
  });

  app.post(`${path}/:id/resolve`, async (c) => {
    const principal = c.get("principal");
    const input = await readJson(c.env.incoming, resolutionSchema);
    if (input === undefined) return gone(c);
    if (!input.ok) return badInput(input);
    const request = await find(deps, c);
    if (request === undefined) return unknown();
    if (!isAdmin(principal, adminRoles)) return problem(refuse("ADMIN_REQUIRED"));
    const { outcome, reason } = input.value;
    return answer(deps, c, request.id, await approvals.resolve(request.id, principal, outcome, reason));
  });

  for (const reading of [path, `${path}/:id`]) app.all(reading, () => notServed("GET, HEAD"));
  for (const act of ["decision", "cancel", "resolve"]) app.all(`${path}/:id/${act}`, () => notServed("POST"));
}

/** The request that the path names, if it exists for who asks. */
async function find(deps: ApprovalRoutesDeps, c: ApiContext): Promise<ApprovalRequest | undefined> {
  const request = await deps.approvals.get(c.req.param("id") ?? "");
  const visible = request !== undefined && maySee(request, c.get("principal"), deps.adminRoles);
  return visible ? request : undefined;
}

async function view(
  { approvals, base }: ApprovalRoutesDeps,
  request: ApprovalRequest,
  principal: Principal,
  whole: boolean,
): Promise<ApprovalBody> {
  const may = approvals.mayDecide(request, principal);
  const toTheLetter = maySeeArguments(request, principal);
  return approvalJson(request, {
    url: `${base}/approvals/${request.id}`,
    arguments: whole && toTheLetter ? await approvals.arguments(request.id) : undefined,
    message: toTheLetter ? request.message : undefined,
    mayNotDecide: may.ok ? undefined : may.code,
  });
}

// One call's arguments may be as large as a body. A page of them is not to fill the memory.
async function viewAll(
  deps: ApprovalRoutesDeps,
  requests: readonly ApprovalRequest[],
  principal: Principal,
  whole: boolean,
): Promise<ApprovalBody[]> {
  const bodies: ApprovalBody[] = [];
  let left = WHOLE_CHARS;
  for (const request of requests) {
    const body = await view(deps, request, principal, whole && left > 0);
    if (body.arguments_form === "whole") left -= JSON.stringify(body.arguments).length;
    bodies.push(body);
  }
  return bodies;
}

async function answer(deps: ApprovalRoutesDeps, c: ApiContext, id: string, acted: Acted): Promise<Response> {
  if (acted.ok) return c.json(await view(deps, acted.request, c.get("principal"), true));
  return problem(acted, await standing(deps, id, acted));
}

// Who was too late reads how the request stands now, so that they can look again before they decide.
async function standing({ approvals }: ApprovalRoutesDeps, id: string, refusal: Refusal) {
  const now = ERRORS[refusal.code].status === 409 ? await approvals.get(id) : undefined;
  if (now === undefined) return {};
  return { current: { state: now.state, version: now.version, arguments_digest: now.argumentsDigest } };
}

// Unknown and not visible are one answer, so that an id tells nothing.
function unknown(): Response {
  return problem(refuse("APPROVAL_UNKNOWN"));
}

function badInput(input: Input<unknown> & { readonly ok: false }): Response {
  return problem(input.refusal, input.errors === undefined ? {} : { errors: [...input.errors] });
}

function notServed(allow: string): Response {
  return problem(refuse("HTTP_METHOD_UNKNOWN"), { headers: { Allow: allow } });
}

// Nobody reads this answer: the client has closed its connection in the middle of its body.
function gone(c: ApiContext): Response {
  return c.body(null, 400);
}
