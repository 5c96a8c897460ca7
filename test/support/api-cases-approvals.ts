import type { ApprovalRequest } from "../../src/core/approval.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { ApiCases } from "./api-cases.ts";
import { type ApiGateway, get, post } from "./api-gateway.ts";
import type { RawRequest } from "./raw-mcp.ts";

const NO_REQUEST = "/approvals/apr_0000000000000000000000";

/** Cases of requests for approval. */
export function approvalCases(api: ApiGateway): ApiCases {
  const { approvals } = api.gateway.running.wired;
  return {
    listApprovals: {
      ...{ who: "ann", status: 200, badStatus: 400 },
      async good() {
        await api.ask();
        return get("/approvals?state=pending,approved&arguments=whole&limit=1");
      },
      bad: () => get("/approvals?limit=0"),
    },
    getApproval: {
      ...{ who: "fin", status: 200, badStatus: 404 },
      good: async () => get(`/approvals/${(await api.ask()).id}`),
      bad: () => get(NO_REQUEST),
    },
    decideApproval: {
      ...{ who: "fin", status: 200, badStatus: 409 },
      good: async () => vote(await api.ask()),
      bad: async () => vote(await api.ask(), { version: 7 }),
    },
    cancelApproval: {
      ...{ who: "ann", status: 200, badStatus: 400 },
      good: async () => post(`/approvals/${(await api.ask()).id}/cancel`, {}),
      bad: () => post(`${NO_REQUEST}/cancel`, { because: "No." }),
    },
    resolveApproval: {
      ...{ who: "root", status: 200, badStatus: 409 },
      async good() {
        const { id, version } = await api.ask();
        await api.as("fin", vote(await approvals.get(id)));
        const claim = await approvals.claim(id, version + 1);
        if (claim !== undefined) await approvals.finish(claim, { kind: "indeterminate", why: "the server went away" });
        return post(`/approvals/${id}/resolve`, { outcome: "failed", reason: "Its log has no such booking." });
      },
      bad: async () => post(`/approvals/${(await api.ask()).id}/resolve`, { outcome: "failed", reason: "No." }),
    },
    listNotifications: {
      ...{ who: "root", status: 200, badStatus: 400 },
      async good() {
        const { id } = await api.ask({ flow: "told" });
        // The store is asked, not the notifier: nobody listens where it would send this.
        return get(`/notifications?state=waiting&notifier=nowhere&approval=${id}&limit=1`);
      },
      bad: () => get("/notifications?state=lost"),
    },
  };
}

/** An approver's word about a request. */
export function vote(request: ApprovalRequest | undefined, changes: JsonObject = {}): RawRequest {
  if (request === undefined) throw new Error("There is no request.");
  const { id, version, argumentsDigest } = request;
  return post(`/approvals/${id}/decision`, {
    ...{ decision: "approve", reason: "Fine.", version, arguments_digest: argumentsDigest, ...changes },
  });
}
