import { describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import type { Round, UpstreamFault } from "../../src/core/round.ts";
import type { RetryOptions, UpstreamRequest } from "../../src/upstream/upstream.ts";
import { Retries, retryAfterMs } from "../../src/upstream/waiting/retry.ts";
import {
  answer,
  answerRaw,
  legacyScript,
  modernScript,
  type RawHandler,
  startRawUpstream,
} from "../support/raw-upstream.ts";
import { recordingLog } from "../support/recording-log.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn, upstreamRequest } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const RESULT = { kind: "result", result: {} } as unknown as Round;
const EVERY: RetryOptions = { attempts: 3, backoffMs: 1, on: ["connect", 502, 503, 504], idempotent: ["get_*"] };

function fault(code: UpstreamFault["code"], executed: "no" | "unknown", more: Partial<UpstreamFault> = {}): Round {
  return { kind: "fault", fault: { code, upstream: "up", detail: "It failed.", executed, ...more } };
}

const NOT_CONNECTED = fault("UPSTREAM_UNAVAILABLE", "no");
const answered = (status: number, retryAfter?: string): Round =>
  fault("UPSTREAM_UNAVAILABLE", "unknown", { http: { status, retryAfter } });

interface Happening {
  readonly options?: Partial<RetryOptions>;
  readonly request?: UpstreamRequest;
  readonly isDown?: () => boolean;
  /** Called at each attempt, before it fails. */
  readonly during?: (request: UpstreamRequest, made: number) => void;
  readonly timeoutMs?: number;
}

/** Sends one request that comes to these ends in turn, the last one again and again. */
async function send(ends: readonly Round[], happening: Happening = {}) {
  const log = recordingLog();
  const sent: UpstreamRequest[] = [];
  const retries = new Retries({
    upstream: "up",
    options: { ...EVERY, ...happening.options },
    timeoutMs: happening.timeoutMs ?? 60_000,
    isDown: happening.isDown ?? (() => false),
    now: Date.now,
    random: () => 0,
    log,
  });
  const round = await retries.send(happening.request ?? toolCall("send"), async (request) => {
    sent.push(request);
    happening.during?.(request, sent.length);
    return ends[Math.min(sent.length, ends.length) - 1] ?? RESULT;
  });
  return { round, sent, log, retries };
}

describe("a request that failed goes out again", () => {
  const UNSURE = toolCall("send");
  const HARMLESS = toolCall("get_all");
  const READ = upstreamRequest("resources/read", { uri: "file:///x" });
  it.each<[what: string, end: Round, attempts: Record<"tool" | "idempotent" | "other", number>]>([
    ["no connection was made", NOT_CONNECTED, { tool: 3, idempotent: 3, other: 3 }],
    ["the connection ended before it was sent", fault("UPSTREAM_CLOSED", "no"), { tool: 3, idempotent: 3, other: 3 }],
    [
      "the connection ended after it was sent",
      fault("UPSTREAM_CLOSED", "unknown"),
      { tool: 1, idempotent: 1, other: 1 },
    ],
    [
      "its end was said not to be known",
      fault("UPSTREAM_UNAVAILABLE", "unknown"),
      { tool: 1, idempotent: 1, other: 1 },
    ],
    ["502", answered(502), { tool: 1, idempotent: 3, other: 3 }],
    ["503", answered(503), { tool: 1, idempotent: 3, other: 3 }],
    ["504", answered(504), { tool: 1, idempotent: 3, other: 3 }],
    ["500", answered(500), { tool: 1, idempotent: 1, other: 1 }],
    ["507", answered(507), { tool: 1, idempotent: 1, other: 1 }],
    ["its time was over", fault("UPSTREAM_TIMEOUT", "unknown"), { tool: 1, idempotent: 1, other: 1 }],
    ["no session was open in time", fault("UPSTREAM_TIMEOUT", "no"), { tool: 1, idempotent: 1, other: 1 }],
    ["a credential was refused", fault("UPSTREAM_REFUSED", "no"), { tool: 1, idempotent: 1, other: 1 }],
    ["too many requests", fault("UPSTREAM_BUSY", "no"), { tool: 1, idempotent: 1, other: 1 }],
    ["no such answer", fault("UPSTREAM_INVALID", "no"), { tool: 1, idempotent: 1, other: 1 }],
    ["another server took its name", fault("UPSTREAM_CHANGED", "no"), { tool: 1, idempotent: 1, other: 1 }],
    ["a limit of the gateway", fault("UPSTREAM_CLOSED", "no", { ours: true }), { tool: 1, idempotent: 1, other: 1 }],
    ["an error", { kind: "error", error: { code: -32603, message: "no" } }, { tool: 1, idempotent: 1, other: 1 }],
    ["a result", RESULT, { tool: 1, idempotent: 1, other: 1 }],
  ])("or not: %s", async (_, end, attempts) => {
    for (const [of, request] of [
      ["tool", UNSURE],
      ["idempotent", HARMLESS],
      ["other", READ],
    ] as const) {
      expect((await send([end], { request })).sent.length, of).toBe(attempts[of]);
      // Never for what is not named.
      expect((await send([end], { request, options: { on: [] } })).sent.length).toBe(1);
    }
  });

  it("never a second time where it may have run, whatever came before", async () => {
    for (const after of [answered(503), fault("UPSTREAM_CLOSED", "unknown"), fault("UPSTREAM_TIMEOUT", "unknown")]) {
      const { sent, round } = await send([NOT_CONNECTED, after, NOT_CONNECTED], { options: { attempts: 5 } });
      expect(sent.length).toBe(2);
      expect(round).toMatchObject({ fault: { executed: "unknown", detail: "It failed. It was attempted 2 times." } });
    }
  });

  it("until it is answered, which is logged with how often", async () => {
    const { round, sent, log } = await send([NOT_CONNECTED, NOT_CONNECTED, RESULT]);
    expect(round).toBe(RESULT);
    expect(sent.length).toBe(3);
    expect(log.lines).toMatchObject([{ level: "info", fields: { upstream: "up", attempts: 3 } }]);
  });

  it("as often as it may, and says so", async () => {
    for (const attempts of [2, 5]) {
      const { sent, round } = await send([NOT_CONNECTED], { options: { attempts } });
      expect(sent.length).toBe(attempts);
      expect(round).toMatchObject({ fault: { detail: `It failed. It was attempted ${attempts} times.` } });
    }
  });

  it("not once something of it was passed on", async () => {
    const { sent } = await send([answered(503)], {
      request: toolCall("get_all"),
      during: (request) => request.onNotification({ method: "notifications/progress", params: {} }),
    });
    expect(sent.length).toBe(1);
  });

  it("not while its server is down, nor once it was taken down", async () => {
    expect((await send([NOT_CONNECTED], { isDown: () => true })).sent.length).toBe(1);
    let asked = 0;
    // The breaker opens while the request waits.
    expect((await send([NOT_CONNECTED], { isDown: () => ++asked > 1 })).sent.length).toBe(1);
  });

  it("within its deadline: each attempt has what is left", async () => {
    const { sent } = await send([NOT_CONNECTED], {
      request: toolCall("x", {}, { deadline: { ms: 9_000, setBy: "key" } }),
    });
    expect(sent[0]?.deadline).toEqual({ ms: 9_000, setBy: "key" });
    expect(sent[1]?.deadline).toMatchObject({ setBy: "what key leaves attempt 2" });
    expect(sent[1]?.deadline?.ms).toBeLessThanOrEqual(9_000);
    expect((await send([NOT_CONNECTED], { timeoutMs: 5, options: { backoffMs: 1_000 } })).sent.length).toBe(1);
  });

  it("not where its server wants it later than its deadline", async () => {
    const request = toolCall("get_all");
    expect((await send([answered(503, "3600")], { request })).sent.length).toBe(1);
    expect((await send([answered(503, "0"), RESULT], { request })).sent.length).toBe(2);
  });

  it("not once it is cancelled, also while it waits", async () => {
    const before = new Cancellation();
    before.cancel("enough");
    expect((await send([NOT_CONNECTED], { request: toolCall("x", {}, { cancellation: before }) })).sent.length).toBe(1);
    const cancellation = new Cancellation();
    const { round, sent } = await send([NOT_CONNECTED], {
      request: toolCall("x", {}, { cancellation }),
      options: { backoffMs: 10_000 },
      during: () => setImmediate(() => cancellation.cancel("enough")),
    });
    expect(sent.length).toBe(1);
    expect(round).toMatchObject({ fault: { code: "CALL_CANCELLED", executed: "no" } });
  });
});

it.each([
  [undefined, 0],
  ["7", 7_000],
  ["", 0],
  ["-1", 0],
  ["1.5", 0],
  ["soon", 0],
  ["9".repeat(40), 0],
  [new Date(61_000).toUTCString(), 60_000],
  [new Date(0).toUTCString(), 0],
])("Retry-After: %s is %s ms", (value, ms) => expect(retryAfterMs(value, 1_000)).toBe(ms));

const closing = closeAfterEach();

describe.each([
  ["legacy", legacyScript],
  ["modern", modernScript],
] as const)("a call of a %s server", (era, script) => {
  const BREAKS: ReadonlyArray<readonly [where: string, tool: string, runs: number, breaks: RawHandler]> = [
    ["once it was read", "send", 1, (_, response) => response.destroy()],
    ["once it was read, though it may run twice", "get_all", 1, (_, response) => response.destroy()],
    ["in the head of the answer", "send", 1, (_, { socket }) => socket?.end("HTTP/1.1 200 OK\r\n")],
    [
      "in the body of the answer",
      "get_all",
      1,
      (_, response) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": 1_000 });
        response.write("{", () => response.destroy());
      },
    ],
    ["with 503", "send", 1, (_, response) => answerRaw(response, "later", 503)],
    ["with 503, and may run twice", "get_all", 2, (_, response) => answerRaw(response, "later", 503)],
  ];

  it.each(BREAKS)("that ends %s runs no more often than it may", async (_, tool, runs, breaks) => {
    let calls = 0;
    const server = closing(
      await startRawUpstream(
        script((request, response) => {
          if (request.method !== "tools/call") answer(request, response, { tools: [] });
          else if (++calls === 1) breaks(request, response);
          else answer(request, response, { resultType: "complete", content: [] });
        }),
      ),
    );
    const options = httpUpstream("up", server.url, { era, timeoutMs: 30_000, retry: EVERY });
    const up = await upstreamIn(closing(startUpstreams([options])), "up");
    const round = await up.session(testPeer("p")).request(toolCall(tool));
    expect(calls).toBe(runs);
    expect(round.kind).toBe(runs === 1 ? "fault" : "result");
    if (round.kind === "fault") expect(round.fault.executed).toBe("unknown");
  });
});
