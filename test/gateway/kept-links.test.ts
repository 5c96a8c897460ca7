import { describe, expect, it } from "vitest";
import { buildView } from "../../src/catalog/view.ts";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import type { Call } from "../../src/core/call.ts";
import { Cancellation } from "../../src/core/cancellation.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { RawJson } from "../../src/core/raw-json.ts";
import type { InputRequiredRound, Round } from "../../src/core/round.ts";
import type { Scope } from "../../src/core/scope.ts";
import { createRequestEnds, type RequestEndsDeps } from "../../src/gateway/approvals/request-ends.ts";
import { encodeOutcome } from "../../src/gateway/approvals/stored-outcome.ts";
import { createLinks } from "../../src/gateway/steps/links.ts";
import { followRounds } from "../../src/gateway/steps/rounds.ts";
import { person } from "../support/mcp-endpoint.ts";
import { recordingLog } from "../support/recording-log.ts";

const scopeOf = (endpoint: string, upstreams: readonly string[]): Scope => {
  return { endpoint, upstreams, shows: () => true, prefixed: upstreams.length > 1 };
};
const ALL = scopeOf("", ["a", "b"]);
const links = createLinks({ catalog: { view: (scope) => buildView(scope, () => undefined) } });
const linking = (uri: string): JsonObject => ({ content: [{ type: "resource_link", uri, name: "n" }] });

describe("the result of an approved run", () => {
  const stored = encodeOutcome({ kind: "result", result: RawJson.fromValue(linking("x:1")) });
  const approvals = { result: async () => stored, history: async () => [], delivered: async () => {} };
  const giveOut = async (_: unknown, open: () => Promise<unknown>) => ({ outcome: await open(), heldBack: false });
  const deps = { approvals, link: () => "", links, giveOut, log: recordingLog() } as unknown as RequestEndsDeps;
  const fetcher = { principal: person("ann"), client: {} as never, headers: {} };
  const request = { id: "apr_1", state: "succeeded", hasResult: true, upstream: "a" } as unknown as ApprovalRequest;

  it.each([
    ["one of several servers", ALL, "x:1#portcullis=a"],
    ["the server alone", scopeOf("a", ["a"]), "x:1"],
  ])("links as it is shown at an endpoint of %s, wherever it was asked for", async (_where, scope, uri) => {
    const end = await createRequestEnds(deps)(request, { ...fetcher, scope });
    expect(end?.outcome.kind === "result" && end.outcome.result.value()).toEqual(linking(uri));
  });
});

describe("what a server says in a call", () => {
  const call = { era: "legacy", scope: ALL, cancellation: new Cancellation() } as unknown as Call;
  const follow = (filter?: object, asked?: { readonly shown: string; readonly sent: string }) =>
    followRounds({
      call,
      upstream: { name: "a", place: "" },
      filter: filter as never,
      states: {} as never,
      links: links.from({ scope: ALL, holder: "ann" }, "a", asked),
      now: () => 0,
      onEnd: () => {},
    });

  it("links as it is shown after policies have taken out what they take out", async () => {
    const seen: unknown[] = [];
    const filter = {
      result(result: RawJson) {
        seen.push(result.value());
        return RawJson.fromValue(linking("x:[email]"));
      },
    };
    const round: Round = { kind: "result", result: RawJson.fromValue(linking("x:ann@acme.test")) };
    const outcome = await follow(filter)(round);
    expect(seen).toEqual([linking("x:ann@acme.test")]);
    expect(outcome.kind === "result" && outcome.result.value()).toEqual(linking("x:[email]#portcullis=a"));
  });

  const missing = (code: number, data: JsonObject): Round => {
    return { kind: "error", error: { code, message: "Resource not found", data } };
  };
  const dataOf = async (round: Round, asked?: { readonly shown: string; readonly sent: string }) => {
    const outcome = await follow(undefined, asked)(round);
    return outcome.kind === "error" ? outcome.error.data : outcome.kind;
  };

  it("names the resource that is not there as its client does", async () => {
    const asked = { shown: "x:1#portcullis=a", sent: "x:1" };
    for (const code of [-32002, -32602]) {
      expect(await dataOf(missing(code, { uri: "x:1", n: 1 }), asked)).toEqual({ uri: "x:1#portcullis=a", n: 1 });
      expect(await dataOf(missing(code, { uri: "x:2" }), asked)).toEqual({ uri: "x:2#portcullis=a" });
    }
    expect(await dataOf(missing(-32002, { uri: "x:1" }))).toEqual({ uri: "x:1#portcullis=a" });
  });

  it.each([
    ["an error of a tool with data of its own", missing(-32602, { uri: "x:1" })],
    ["data that name none", missing(-32002, { uri: 7 })],
  ])("stays as it is in %s", async (_, round) => {
    expect(await dataOf(round)).toEqual(round.kind === "error" ? round.error.data : undefined);
  });

  it("links as it is shown in what it asks of the client's model", async () => {
    const block = { type: "tool_result", toolUseId: "1", ...linking("x:1") };
    const params = { messages: [{ role: "user", content: [block] }], maxTokens: 10 };
    const round = {
      kind: "input_required",
      era: "legacy",
      inputRequests: { ask: { method: "sampling/createMessage", params } },
      state: undefined,
      onMoot: () => {},
    } as unknown as InputRequiredRound;
    const outcome = await follow()(round);
    const shown = { ...params, messages: [{ role: "user", content: [{ ...block, ...linking("x:1#portcullis=a") }] }] };
    expect(outcome.kind === "input_required" && outcome.inputRequests).toEqual({
      ask: { method: "sampling/createMessage", params: shown },
    });
  });
});
