import type { ApiCases } from "./api-cases.ts";
import { get, post } from "./api-gateway.ts";

/** Cases of policies. */
export function policyCases(): ApiCases {
  return {
    getPolicies: {
      ...{ who: "root", status: 200, badStatus: 400 },
      good: () => get("/policies"),
      bad: () => get("/policies?mode=shadow"),
    },
    evaluatePolicies: {
      ...{ who: "root", status: 200, badStatus: 404 },
      good: () =>
        post("/policies/evaluate", {
          user: { email: "ann@example.com", roles: ["employee"] },
          ...{ tool: "modern/echo", args: { text: "pay 12000" } },
        }),
      bad: () => post("/policies/evaluate", { tool: "modern/no-such" }),
    },
  };
}
