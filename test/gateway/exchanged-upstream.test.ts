import { describe, expect, it } from "vitest";
import { readTool } from "../../src/catalog/entries.ts";
import { repairItem } from "../../src/catalog/repair.ts";
import type { Call } from "../../src/core/call.ts";
import { Cancellation } from "../../src/core/cancellation.ts";
import { RawJson } from "../../src/core/raw-json.ts";
import { createSeal } from "../../src/core/seal.ts";
import { createRequestStates } from "../../src/gateway/requests/request-state.ts";
import { toolSubject } from "../../src/gateway/requests/subject.ts";
import { callUpstream, type UpstreamCall } from "../../src/gateway/steps/upstream-call.ts";
import type { Upstream, UpstreamRequest } from "../../src/upstream/upstream.ts";
import { ALL_TOOLS } from "../support/all-tools.ts";
import { person } from "../support/approval-parts.ts";

const HERE = { name: "pay", place: "https://trial.example/mcp" };
const THERE = { name: "pay", place: "https://bank.example/mcp" };

describe("a server that is exchanged for another of its name", () => {
  const made = (): UpstreamCall => {
    const reading = readTool(HERE, repairItem("tools", { name: "send", inputSchema: { type: "object" } }), ALL_TOOLS);
    if (!reading.ok) throw new Error(reading.reason);
    return {
      subject: toolSubject(reading.entry, {}),
      params: { name: "pay__send" },
      listener: { wantsProgress: false, logLevel: undefined },
      cancellation: new Cancellation(),
      deadline: undefined,
      state: undefined,
      approval: undefined,
      peer: {} as never,
      onNotification() {},
    };
  };
  const at = (place: string, sent: UpstreamRequest[]) => ({
    get: () => {
      const session = () => ({
        request: async (request: UpstreamRequest) => {
          sent.push(request);
          return { kind: "result", result: RawJson.fromValue({}) } as const;
        },
      });
      return { name: "pay", place, session } as unknown as Upstream;
    },
  });

  it.each([
    ["where it was when the call was decided on", HERE.place, { kind: "result" }, 1],
    [
      "elsewhere",
      THERE.place,
      { kind: "fault", fault: { code: "UPSTREAM_CHANGED", upstream: "pay", executed: "no" } },
      0,
    ],
  ])("is sent a call only %s", async (_where, place, round, calls) => {
    const sent: UpstreamRequest[] = [];
    expect(await callUpstream(at(place, sent), made())).toMatchObject(round);
    expect(sent).toHaveLength(calls);
  });

  it("is not given the state of a call that the other one asked something in", () => {
    const states = createRequestStates(createSeal(Buffer.alloc(32, 7), "states"), () => 0);
    const call = {
      principal: person("ann"),
      scope: { endpoint: "" },
      method: "tools/call",
      params: {},
    } as unknown as Call;
    const sealed = states.seal(call, "pay", { state: "s", asked: [], retryToken: undefined, place: HERE.place });
    expect(states.open(call, HERE, sealed)).toMatchObject({ state: "s" });
    expect(states.open(call, THERE, sealed)).toBeUndefined();
  });
});
