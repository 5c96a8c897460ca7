import { JSON_LIMITS } from "../../core/limits.ts";
import type { PolicyOperations } from "../../operations/policies/policies.ts";
import { givenCallSchema } from "../../policy/tests/given-call.ts";
import { BARE, type Route, route } from "../http/route.ts";
import { dryRunJson, policyStateJson } from "./json.ts";
import { dryRunSchema, policyStateSchema } from "./schema.ts";

const tag = "policies";

/** As large and as deep as a real call may be. */
const CALL_LIMITS = { ...JSON_LIMITS, maxBytes: 1024 * 1024 };

/** Routes of `policies`. Nothing here changes a policy: they are files. */
export function policyRoutes(policies: PolicyOperations): readonly Route[] {
  return [
    route({
      ...BARE,
      ...{ method: "GET", path: "/policies", id: "getPolicies", tag, who: "administrators" },
      summary: "Read the policies in force, and what is wrong with newer files",
      answer: { status: 200, description: "The policies.", schema: policyStateSchema },
      async handle({ reply }) {
        return reply(policyStateJson(await policies.state()));
      },
    }),
    route({
      ...BARE,
      ...{ method: "POST", path: "/policies/evaluate", id: "evaluatePolicies", tag, who: "administrators" },
      summary: "See what the policies in force would make of a call",
      description: "Nobody makes the call: nothing is recorded, counted or sent.",
      body: givenCallSchema,
      bodyLimits: CALL_LIMITS,
      bodyExample: {
        user: { email: "ann@acme.com", roles: ["employee"] },
        tool: "expenses/create_expense",
        args: { amount: 12_000, currency: "EUR", purpose: "Conference" },
      },
      refusals: ["TOOL_UNKNOWN"],
      answer: { status: 200, description: "The verdict and its reasons.", schema: dryRunSchema },
      async handle({ operator, body, reply }) {
        const dryRun = await policies.evaluate(operator, body);
        return dryRun.ok ? reply(dryRunJson(dryRun)) : dryRun;
      },
    }),
  ];
}
