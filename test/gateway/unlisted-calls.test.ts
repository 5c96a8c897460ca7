import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Audit, AuditClosing, AuditOpening, UnlistedAct, UnlistedOpening } from "../../src/audit/audit.ts";
import { createRowEncoder } from "../../src/audit/encode-row.ts";
import { buildView } from "../../src/catalog/view.ts";
import type { Call } from "../../src/core/call.ts";
import { createSeal } from "../../src/core/seal.ts";
import { createUnlistedCalls } from "../../src/gateway/steps/unlisted-calls.ts";
import { digest } from "../support/audit-key.ts";
import { opening } from "../support/audit-opening.ts";

const HOUR = 3_600_000;
const ALL = { endpoint: "", upstreams: ["up", "down"], shows: () => true, prefixed: true };
const LISTS = { tools: [], prompts: [], resources: [], resourceTemplates: [] };
const VIEW = buildView(ALL, (name) => ({
  ...{ lists: LISTS, hidden: false },
  remembered: name === "down" ? [] : undefined,
}));

/** One that writes while `writes` says so, with what it was told. */
function recording() {
  const opened: (AuditOpening | UnlistedOpening)[] = [];
  const closings: AuditClosing[] = [];
  const acts: Parameters<Audit["record"]>[0][] = [];
  const state = { writes: true };
  const calls = createUnlistedCalls({
    catalog: { view: () => VIEW },
    audit: {
      async open(row) {
        if (state.writes) opened.push(row);
        return state.writes;
      },
      close: (row) => void closings.push(row),
      record: (row) => void acts.push(row),
    },
    now: Date.now,
  });
  return { opened, closings, acts, calls, state };
}

let count = 0;

/** A call with all that is recorded of one. */
function callOf(subject = "u-1"): Call {
  const { principal, client } = opening("");
  const known: Partial<Call> = {
    ...{
      id: `call_${++count}`,
      method: "tools/call",
      scope: ALL,
      client: { ...client, id: undefined },
      session: undefined,
      traceId: undefined,
      receivedAt: Date.now(),
    },
    principal: { ...principal, subject, email: undefined },
  };
  return known as Call;
}

describe("calls of tools that nobody has", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([
    { name: "down__refund", upstream: "down", tool: "refund", outcome: "UPSTREAM_UNAVAILABLE" },
    { name: "up__refund", upstream: "up", tool: "refund", outcome: "TOOL_UNKNOWN" },
    { name: "up__", upstream: "up", tool: "", outcome: "TOOL_UNKNOWN" },
    { name: "elsewhere__refund", upstream: undefined, tool: "elsewhere__refund", outcome: "TOOL_UNKNOWN" },
    { name: "refund", upstream: undefined, tool: "refund", outcome: "TOOL_UNKNOWN" },
    { name: "", upstream: undefined, tool: "", outcome: "TOOL_UNKNOWN" },
  ])("stand with whose tool $name would be", async ({ name, upstream, tool, outcome }) => {
    const { calls, opened, closings } = recording();
    await calls.record(callOf(), { kind: "tool", name });
    expect(opened).toMatchObject([{ upstream, unlisted: tool }]);
    expect(closings).toMatchObject([{ outcome }]);
  });

  it.each([
    { kind: "prompt", name: "up__sum", upstream: "up", unlisted: "sum", outcome: "PROMPT_UNKNOWN" },
    { kind: "prompt", name: "down__sum", upstream: "down", unlisted: "sum", outcome: "UPSTREAM_UNAVAILABLE" },
    { kind: "resource", name: "up__x:a", upstream: undefined, unlisted: "up__x:a", outcome: "RESOURCE_UNKNOWN" },
  ] as const)("or what other $kind", async ({ kind, name, upstream, unlisted, outcome }) => {
    const { calls, opened, closings } = recording();
    const method = kind === "prompt" ? "prompts/get" : "resources/read";
    await calls.record({ ...callOf(), method }, { kind, name });
    expect(opened).toMatchObject([{ method, upstream, subjectKind: kind, unlisted }]);
    expect(closings).toMatchObject([{ outcome }]);
  });

  it("have twenty rows an hour for each person and upstream, and then one with the number of the others", async () => {
    const { calls, opened, acts } = recording();
    for (let n = 0; n < 520; n++) await calls.record(callOf(), { kind: "tool", name: `down__t${n}` });
    expect(opened).toHaveLength(20);
    expect(acts).toEqual([]);
    await calls.record(callOf("u-2"), { kind: "tool", name: "down__t" });
    await calls.record(callOf(), { kind: "tool", name: "up__t" });
    await calls.record(callOf(), { kind: "tool", name: "t" });
    expect(opened).toHaveLength(23);
    const since = Date.now();
    vi.advanceTimersByTime(HOUR);
    expect(acts).toEqual([
      {
        about: "unlisted",
        upstream: "down",
        actor: { issuer: "https://idp.example", subject: "u-1", email: undefined },
        at: since + HOUR,
        since,
        calls: 500,
      },
    ]);
    await calls.record(callOf(), { kind: "tool", name: "down__t" });
    expect(opened).toHaveLength(24);
  });

  it("share their rows with calls that are refused for their form", async () => {
    const { calls, opened, closings, acts } = recording();
    for (let n = 0; n < 15; n++)
      await calls.record(callOf(), { kind: "tool", name: "up__pay", outcome: "JSON_UNSAFE_NUMBER" });
    for (let n = 0; n < 15; n++) await calls.record(callOf(), { kind: "tool", name: "up__never-was" });
    expect(opened).toHaveLength(20);
    const outcomes = closings.map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "JSON_UNSAFE_NUMBER")).toHaveLength(15);
    expect(outcomes.filter((outcome) => outcome === "TOOL_UNKNOWN")).toHaveLength(5);
    calls.close();
    expect(acts).toMatchObject([{ upstream: "up", calls: 10 }]);
  });

  it("lose no number at the end of the process, nor where the record cannot be written", async () => {
    const { calls, opened, acts, state } = recording();
    state.writes = false;
    await calls.record(callOf(), { kind: "tool", name: "down__t" });
    state.writes = true;
    for (let n = 0; n < 25; n++) await calls.record(callOf(), { kind: "tool", name: "down__t" });
    calls.close();
    expect(opened).toHaveLength(19);
    expect(acts).toMatchObject([{ calls: 7 }]);
    calls.close();
    vi.advanceTimersByTime(HOUR);
    expect(acts).toHaveLength(1);
  });

  it("of more people than are counted one by one share what is written", async () => {
    const { calls, opened, acts } = recording();
    for (let n = 0; n < 10_100; n++) await calls.record(callOf(`u-${n}`), { kind: "tool", name: "down__t" });
    expect(opened).toHaveLength(10_020);
    calls.close();
    expect(acts).toMatchObject([{ upstream: "down", actor: undefined, calls: 80 } satisfies Partial<UnlistedAct>]);
  });
});

it("what a client wrote for a name is kept short, and without secrets", () => {
  const encoder = createRowEncoder({ arguments: "full", seal: createSeal(Buffer.alloc(32, 7), "x"), digest });
  const { principal, client, endpoint, session, traceId, at, method, subjectKind } = opening("");
  const caller = { callId: "c", at, principal, client, endpoint, session, traceId };
  const rowOf = (unlisted: string) => encoder.opening({ ...caller, method, upstream: "down", subjectKind, unlisted });
  expect(rowOf("t".repeat(1_000_000)).tool?.length).toBeLessThan(200);
  expect(rowOf("ghp_abcdefghijklmnopqrstuvwxyz0123456789").tool).not.toContain("mnopqrst");
  expect(rowOf("refund")).toMatchObject({ decision: null, policies: null, argumentsDigest: null, argumentsFull: null });
});
