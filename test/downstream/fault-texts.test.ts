import { expect, it } from "vitest";
import { faultAnswer, withheldAnswer } from "../../src/downstream/render-common.ts";

const FAULT = { code: "UPSTREAM_UNAVAILABLE", upstream: "crm", detail: "x", executed: "no" } as const;

it.each(["tools/call", "prompts/get", "resources/read", "completion/complete"])(
  "a fault of %s names the server and its request on record, and a tool only where there is one",
  (method) => {
    const call = { id: "call_1", method };
    const answers = JSON.stringify([faultAnswer(FAULT, call), withheldAnswer(call)]);
    expect(answers).toContain("The server cannot be reached right now. Server: crm.");
    expect(answers.split("call_1")).toHaveLength(3);
    if (method !== "tools/call") expect(answers).not.toContain("this tool");
  },
);
