import type { JsonObject } from "../../src/core/json.ts";
import { answer, modernScript, type RawUpstream, startRawUpstream } from "./raw-upstream.ts";

const PAY: JsonObject = {
  name: "pay",
  description: "Pays somebody.",
  inputSchema: {
    type: "object",
    properties: {
      amount: { type: "number", description: "In euros." },
      currency: { enum: ["EUR", "USD"] },
      tags: { type: "array", items: { type: "string" } },
      to: { type: "object", properties: { account: { type: "string" } } },
      note: { type: "string" },
    },
    required: ["amount"],
  },
};

/** Tools whose schemas say nothing that a form could ask, or nearly nothing. */
const ODD: readonly JsonObject[] = [
  { name: "open", inputSchema: { type: "object", additionalProperties: true } },
  { name: "either", inputSchema: { type: "object", oneOf: [{ required: ["a"] }, { required: ["b"] }] } },
  { name: "refers", inputSchema: { type: "object", properties: { a: { $ref: "#/$defs/gone" } } } },
];

/** A server with `pay`, whose schema a form can be made of, and some of which none can. It answers whatever is called. */
export function startBank(): Promise<RawUpstream> {
  const more = { resultType: "complete", ttlMs: 0, cacheScope: "private" };
  return startRawUpstream(
    modernScript((request, response) => {
      if (request.method === "tools/list") answer(request, response, { tools: [PAY, ...ODD], ...more });
      else answer(request, response, { content: [{ type: "text", text: "done" }], ...more });
    }),
  );
}
