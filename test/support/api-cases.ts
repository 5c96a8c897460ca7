import { activityCases } from "./api-cases-activity.ts";
import { approvalCases } from "./api-cases-approvals.ts";
import { policyCases } from "./api-cases-policies.ts";
import { upstreamCases } from "./api-cases-upstreams.ts";
import { type ApiGateway, type Caller, get } from "./api-gateway.ts";
import type { RawRequest } from "./raw-mcp.ts";

/** How one operation is asked well, and how badly. */
export interface ApiCase {
  /** Who is answered well. */
  readonly who: Caller;
  readonly status: number;
  good(): Promise<RawRequest> | RawRequest;
  readonly badStatus: number;
  bad(): Promise<RawRequest> | RawRequest;
}

/** Cases by the name of their operation. */
export type ApiCases = Readonly<Record<string, ApiCase>>;

/** A case for every operation of the API's description. */
export function apiCases(api: ApiGateway): ApiCases {
  return {
    getOpenapi: {
      ...{ who: "nobody", status: 200, badStatus: 403 },
      good: () => get("/openapi.json"),
      bad: () => ({ ...get("/openapi.json"), headers: { Host: "evil.example" } }),
    },
    listenToEvents: {
      ...{ who: "eve", status: 200, badStatus: 400 },
      good: () => get("/events"),
      bad: () => get("/events?kind=approval"),
    },
    ...approvalCases(api),
    ...upstreamCases(api),
    ...activityCases(api),
    ...policyCases(),
  };
}
