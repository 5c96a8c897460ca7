import { expect, it } from "vitest";
import { faultAnswer, withheldAnswer } from "../../src/downstream/render-common.ts";

const FAULT = { code: "UPSTREAM_UNAVAILABLE", upstream: "crm", detail: "x", executed: "no" } as const;

it.each(["tools/call", "prompts/get", "resources/read", "completion/complete"])(
  "a fault of %s names the server, and a call only where one is on record",
  (method) => {
    const call = { id: "call_1", method };
    const answers = JSON.stringify([faultAnswer(FAULT, call), withheldAnswer(call)]);
    expect(answers).toContain("The server cannot be reached right now. Server: crm.");
    if (method === "tools/call") expect(answers.split("call_1")).toHaveLength(3);
    else expect(answers).not.toMatch(/call_1|this tool/);
  },
);
