import { describe, expect, it } from "vitest";
import { buildScopes } from "../../src/core/scopes.ts";
import { createDeadlines } from "../../src/upstream/waiting/deadlines.ts";
import { toolCall, upstreamRequest } from "../support/upstream-options.ts";

const TOOLS = [
  ["create_*", 5_000],
  ["create_fast", 100],
  ["*_slow", 9_000],
] as const;
const key = (glob: string) => `upstreams.crm.tools.timeouts["${glob}"]`;

/** Of an upstream whose own timeout is 1 s. */
function deadline(tool: string, endpointMs: number | undefined, toolTimeouts: typeof TOOLS | undefined = TOOLS) {
  const waiting = endpointMs === undefined ? undefined : { ms: endpointMs, setBy: "endpoints.desk.timeout" };
  const of = createDeadlines({ name: "crm", timeoutMs: 1_000, toolTimeouts });
  return of(toolCall(tool, {}, { deadline: waiting }));
}

describe("the deadline of a call", () => {
  it.each<[what: string, tool: string, endpointMs: number | undefined, ms: number | undefined, setBy?: string]>([
    ["that of its upstream", "get", undefined, undefined],
    ["a tool's in its place, though it is longer", "create_x", undefined, 5_000, key("create_*")],
    ["the later of two that fit", "create_fast", undefined, 100, key("create_fast")],
    ["the later of two that fit, though it is longer", "create_slow", undefined, 9_000, key("*_slow")],
    ["an endpoint's that is shorter than its upstream's", "get", 500, 500, "endpoints.desk.timeout"],
    ["its upstream's, where an endpoint allows more", "get", 2_000, undefined],
    ["its upstream's, where an endpoint allows as much", "get", 1_000, undefined],
    ["an endpoint's that is shorter than a tool's", "create_x", 2_000, 2_000, "endpoints.desk.timeout"],
    ["a tool's that is shorter than an endpoint's", "create_fast", 500, 100, key("create_fast")],
  ])("is %s", (_, tool, endpointMs, ms, setBy) => {
    expect(deadline(tool, endpointMs)).toEqual(ms === undefined ? undefined : { ms, setBy });
  });

  it("has nothing of a tool's where something else has its name", () => {
    const of = createDeadlines({ name: "crm", timeoutMs: 1_000, toolTimeouts: TOOLS });
    expect(of(upstreamRequest("prompts/get", { name: "create_x" }))).toBeUndefined();
  });
});

it("an endpoint's own deadline stands for the gateway's, longer or shorter, and every other endpoint has that", () => {
  const all = { ms: 1_000, setBy: "server.timeouts.request" };
  const endpoints = [
    { name: "desk", upstreams: ["crm"], tools: [], timeoutMs: 5_000 },
    { name: "plain", upstreams: ["crm"], tools: [] },
  ];
  const scopes = buildScopes(["crm"], endpoints, all);
  expect(scopes.get("desk")?.deadline).toEqual({ ms: 5_000, setBy: "endpoints.desk.timeout" });
  for (const name of ["", "crm", "plain"]) expect(scopes.get(name)?.deadline).toBe(all);
  expect(buildScopes(["crm"], endpoints).get("plain")?.deadline).toBeUndefined();
});
