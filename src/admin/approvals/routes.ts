import { z } from "zod";
import type { Acted } from "../../approvals/approvals.ts";
import { refuse } from "../../core/errors.ts";
import type { OperatorApprovalQuery } from "../../operations/approvals/approvals.ts";
import type { Operator } from "../../operations/operator.ts";
import type { AnswerInTurn } from "../http/answer-in-turn.ts";
import { type Refused, statusOf } from "../http/problem.ts";
import { BARE, type Route, route } from "../http/route.ts";
import {
  type ApprovalQueryInput,
  approvalDetailSchema,
  approvalListSchema,
  approvalQuerySchema,
  approvalSchema,
  cancellationSchema,
  decisionSchema,
  resolutionSchema,
} from "./schema.ts";
import { type ApprovalViewDeps, viewApproval, viewApprovalDetail, viewApprovals } from "./view.ts";

const tag = "approvals";
const one = z.object({ id: z.string().describe("Id of a request, apr_…") });
const changed = { status: 200, description: "The request as it is now.", schema: approvalSchema } as const;

/** What they need. */
export interface ApprovalRouteDeps extends ApprovalViewDeps {
  readonly inTurn: AnswerInTurn;
}

/** Routes of `approvals`; who may see and do what, `operations/` decides. Nothing but a POST changes anything. */
export function approvalRoutes(deps: ApprovalRouteDeps): readonly Route[] {
  return [...readingRoutes(deps), ...changingRoutes(deps)];
}

function readingRoutes(deps: ApprovalRouteDeps): readonly Route[] {
  const { approvals } = deps;
  return [
    route({
      ...BARE,
      ...{ method: "GET", path: "/approvals", id: "listApprovals", tag, who: "callers" },
      summary: "List requests for approval",
      description: "Your own, those of which you may approve a stage, and all of them if you administer the gateway.",
      query: approvalQuerySchema,
      refusals: ["TOO_MANY_OPEN"],
      answer: {
        ...{ status: 200, description: "A page of requests, the newest first; with decidable, the next to end first." },
        schema: approvalListSchema,
      },
      async handle({ operator, query, incoming, reply }) {
        const whole = query.arguments === "whole";
        const answer = async (): Promise<Response> => {
          const page = await approvals.list(operator, listed(query), query.cursor);
          const items = await viewApprovals(deps, page.items, operator, whole);
          return reply({ items, next_cursor: page.nextCursor ?? null });
        };
        return whole ? deps.inTurn({ operator, incoming }, answer) : answer();
      },
    }),
    route({
      ...BARE,
      ...{ method: "GET", path: "/approvals/:id", id: "getApproval", tag, who: "callers" },
      summary: "Read a request for approval and its history",
      params: one,
      refusals: ["APPROVAL_UNKNOWN", "TOO_MANY_OPEN"],
      answer: { status: 200, description: "The request.", schema: approvalDetailSchema },
      async handle({ operator, params, incoming, reply }) {
        const request = await approvals.find(operator, params.id);
        // Unknown and not visible are one answer, so that an id tells nothing.
        if (request === undefined) return refuse("APPROVAL_UNKNOWN");
        return deps.inTurn({ operator, incoming }, async () =>
          reply(await viewApprovalDetail(deps, request, await approvals.history(request.id), operator)),
        );
      },
    }),
  ];
}

function changingRoutes(deps: ApprovalViewDeps): readonly Route[] {
  const { approvals } = deps;
  return [
    route({
      ...BARE,
      ...{ method: "POST", path: "/approvals/:id/decision", id: "decideApproval", tag, who: "people" },
      summary: "Approve or reject a request",
      description:
        "Names the version and the arguments that were seen: whoever was faster, or saw another call, is told so.",
      params: one,
      body: decisionSchema,
      bodyExample: {
        decision: "approve",
        reason: "Agreed with the travel desk.",
        version: 1,
        arguments_digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
      },
      refusals: [
        "APPROVAL_UNKNOWN",
        "APPROVAL_CONFLICT",
        "APPROVAL_CLOSED",
        "APPROVAL_DIGEST_MISMATCH",
        "APPROVAL_NOT_ELIGIBLE",
        "APPROVAL_OWN",
        "APPROVAL_TWICE",
        "APPROVAL_REASON_REQUIRED",
      ],
      answer: changed,
      async handle({ operator, params, body, ip, reply }) {
        const acted = await approvals.decide(operator, {
          id: params.id,
          decision: body.decision,
          reason: body.reason,
          version: body.version,
          argumentsDigest: body.arguments_digest,
          channel: "api",
          ip: ip || undefined,
        });
        return acted.ok
          ? reply(await viewApproval(deps, acted.request, operator, true))
          : late(deps, operator, params.id, acted);
      },
    }),
    route({
      ...BARE,
      ...{ method: "POST", path: "/approvals/:id/cancel", id: "cancelApproval", tag, who: "callers" },
      summary: "Take back a request of your own",
      params: one,
      body: cancellationSchema,
      bodyExample: {},
      refusals: ["APPROVAL_UNKNOWN", "APPROVAL_CLOSED", "APPROVAL_CONFLICT"],
      answer: changed,
      async handle({ operator, params, reply }) {
        const acted = await approvals.cancel(operator, params.id);
        return acted.ok
          ? reply(await viewApproval(deps, acted.request, operator, true))
          : late(deps, operator, params.id, acted);
      },
    }),
    route({
      ...BARE,
      ...{ method: "POST", path: "/approvals/:id/resolve", id: "resolveApproval", tag, who: "people" },
      summary: "Say what became of a call that may or may not have run",
      description: "For administrators who see that the state is indeterminate.",
      params: one,
      body: resolutionSchema,
      bodyExample: { outcome: "failed", reason: "The server's log has no such booking." },
      refusals: ["APPROVAL_UNKNOWN", "APPROVAL_CLOSED", "APPROVAL_CONFLICT", "ADMIN_REQUIRED"],
      answer: changed,
      async handle({ operator, params, body, reply }) {
        const acted = await approvals.resolve(operator, params.id, body.outcome, body.reason);
        return acted.ok
          ? reply(await viewApproval(deps, acted.request, operator, true))
          : late(deps, operator, params.id, acted);
      },
    }),
  ];
}

function listed({
  state,
  mine,
  decidable,
  flow,
  upstream,
  tool,
  method,
  subject,
  limit,
}: ApprovalQueryInput): OperatorApprovalQuery {
  return {
    ...{ mine, decidable, limit },
    ...(state === undefined ? {} : { states: state }),
    ...(flow === undefined ? {} : { flow }),
    ...(upstream === undefined ? {} : { upstream }),
    ...(tool === undefined ? {} : { tool }),
    ...(method === undefined ? {} : { method }),
    ...(subject === undefined ? {} : { subject }),
  };
}

// Who was too late reads how the request stands now, so that they can look again before they decide.
async function late(
  { approvals }: ApprovalViewDeps,
  operator: Operator,
  id: string,
  refusal: Acted & { readonly ok: false },
): Promise<Refused> {
  const now = statusOf(refusal.code) === 409 ? await approvals.find(operator, id) : undefined;
  if (now === undefined) return refusal;
  return { ...refusal, current: { state: now.state, version: now.version, arguments_digest: now.argumentsDigest } };
}
