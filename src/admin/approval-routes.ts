import type { Context, Hono } from "hono";
import type { Acted } from "../approvals/approvals.ts";
import type { ApprovalRequest } from "../core/approval.ts";
import { ERRORS, type Refusal, refuse } from "../core/errors.ts";
import { credentialOf } from "../http/credential.ts";
import { operatorOf } from "../operations/access.ts";
import type { ApprovalOperations, ApprovalQuery } from "../operations/approvals.ts";
import type { Operator } from "../operations/operator.ts";
import type { ApiEnv } from "./api-env.ts";
import { approvalJson, eventJson } from "./approval-json.ts";
import {
  APPROVAL_QUERY_LISTS,
  type ApprovalBody,
  type ApprovalDetailBody,
  type ApprovalListBody,
  type ApprovalQueryInput,
  approvalQuerySchema,
  cancellationSchema,
  decisionSchema,
  resolutionSchema,
} from "./approval-schema.ts";
import { problem } from "./problem.ts";
import { type Input, readJson, readQuery } from "./read-input.ts";

/** What these routes work with. */
export interface ApprovalRoutesDeps {
  readonly approvals: ApprovalOperations;
  readonly adminRoles: readonly string[];
  /** The URL of the API, for links: `https://…/api/v1` */
  readonly base: string;
}

/** Characters of whole arguments in one list. */
const WHOLE_CHARS = 4 * 1024 * 1024;

type ApiContext = Context<ApiEnv>;

/**
 * Adds `approvals` to the API; who may see and do what, `operations/` decides. Nothing but a POST changes anything.
 */
export function mountApprovals(app: Hono<ApiEnv>, deps: ApprovalRoutesDeps): void {
  const { approvals } = deps;
  const path = "/api/v1/approvals";

  app.get(path, async (c) => {
    const query = readQuery(new URL(c.req.url).searchParams, approvalQuerySchema, APPROVAL_QUERY_LISTS);
    if (!query.ok) return badInput(query);
    const operator = operatorIn(deps, c);
    const page = await approvals.list(operator, listed(query.value), query.value.cursor);
    const whole = query.value.arguments === "whole";
    const body: ApprovalListBody = {
      items: await viewAll(deps, page.items, operator, whole),
      next_cursor: page.nextCursor ?? null,
    };
    return c.json(body);
  });

  app.get(`${path}/:id`, async (c) => {
    const request = await find(deps, c);
    if (request === undefined) return unknown();
    const history = (await approvals.history(request.id)).map(eventJson);
    const body: ApprovalDetailBody = { ...(await view(deps, request, operatorIn(deps, c), true)), history };
    return c.json(body);
  });

  app.post(`${path}/:id/decision`, async (c) => {
    const input = await readJson(c.env.incoming, decisionSchema);
    if (input === undefined) return gone(c);
    if (!input.ok) return badInput(input);
    const request = await find(deps, c);
    if (request === undefined) return unknown();
    const { decision, reason, version, arguments_digest: argumentsDigest } = input.value;
    const acted = await approvals.decide(operatorIn(deps, c), {
      id: request.id,
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
    return answer(deps, c, request.id, await approvals.cancel(operatorIn(deps, c), request.id));
  });

  app.post(`${path}/:id/resolve`, async (c) => {
    const input = await readJson(c.env.incoming, resolutionSchema);
    if (input === undefined) return gone(c);
    if (!input.ok) return badInput(input);
    const request = await find(deps, c);
    if (request === undefined) return unknown();
    const { outcome, reason } = input.value;
    return answer(deps, c, request.id, await approvals.resolve(operatorIn(deps, c), request.id, outcome, reason));
  });

  for (const reading of [path, `${path}/:id`]) app.all(reading, () => notServed("GET, HEAD"));
  for (const act of ["decision", "cancel", "resolve"]) app.all(`${path}/:id/${act}`, () => notServed("POST"));
}

function operatorIn({ adminRoles }: ApprovalRoutesDeps, c: ApiContext): Operator {
  return operatorOf(c.get("principal"), adminRoles);
}

function listed({ state, mine, decidable, flow, upstream, tool, limit }: ApprovalQueryInput): ApprovalQuery {
  return {
    ...{ mine, decidable, limit },
    ...(state === undefined ? {} : { states: state }),
    ...(flow === undefined ? {} : { flow }),
    ...(upstream === undefined ? {} : { upstream }),
    ...(tool === undefined ? {} : { tool }),
  };
}

/** The request that the path names, if it exists for who asks. */
function find(deps: ApprovalRoutesDeps, c: ApiContext): Promise<ApprovalRequest | undefined> {
  return deps.approvals.find(operatorIn(deps, c), c.req.param("id") ?? "");
}

async function view(
  { approvals, base }: ApprovalRoutesDeps,
  request: ApprovalRequest,
  operator: Operator,
  whole: boolean,
): Promise<ApprovalBody> {
  const may = approvals.mayDecide(operator, request);
  return approvalJson(request, {
    url: `${base}/approvals/${request.id}`,
    arguments: whole ? await approvals.arguments(operator, request) : undefined,
    message: approvals.message(operator, request),
    mayNotDecide: may.ok ? undefined : may.code,
  });
}

// One call's arguments may be as large as a body. A page of them is not to fill the memory.
async function viewAll(
  deps: ApprovalRoutesDeps,
  requests: readonly ApprovalRequest[],
  operator: Operator,
  whole: boolean,
): Promise<ApprovalBody[]> {
  const bodies: ApprovalBody[] = [];
  let left = WHOLE_CHARS;
  for (const request of requests) {
    const body = await view(deps, request, operator, whole && left > 0);
    if (body.arguments_form === "whole") left -= JSON.stringify(body.arguments).length;
    bodies.push(body);
  }
  return bodies;
}

async function answer(deps: ApprovalRoutesDeps, c: ApiContext, id: string, acted: Acted): Promise<Response> {
  if (acted.ok) return c.json(await view(deps, acted.request, operatorIn(deps, c), true));
  return problem(acted, await standing(deps, c, id, acted));
}

// Who was too late reads how the request stands now, so that they can look again before they decide.
async function standing(deps: ApprovalRoutesDeps, c: ApiContext, id: string, refusal: Refusal) {
  const now = ERRORS[refusal.code].status === 409 ? await deps.approvals.find(operatorIn(deps, c), id) : undefined;
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
