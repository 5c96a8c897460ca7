import { describe, expect, it } from "vitest";
import { openLegacyStream } from "../../src/upstream/http/legacy-stream.ts";
import type { ReplySink, UpstreamResponse } from "../../src/upstream/http/response.ts";
import { statusFault } from "../../src/upstream/http/status.ts";
import { createIntake } from "../../src/upstream/messages/intake.ts";
import { createLastAnswer } from "../../src/upstream/reaching/last-answer.ts";
import type { UpstreamTrouble } from "../../src/upstream/reaching/state.ts";
import { RowOfAttempts } from "../../src/upstream/waiting/row-of-attempts.ts";
import {
  answer,
  answerRaw,
  legacyScript,
  modernScript,
  type RawHandler,
  startRawUpstream,
  stream,
} from "../support/raw-upstream.ts";
import { recordingLog } from "../support/recording-log.ts";
import { httpUpstream, nextEvent, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();
const SCRIPTS = [
  ["legacy", legacyScript],
  ["modern", modernScript],
] as const;

describe.each(SCRIPTS)("a %s upstream that is reached", (_, script) => {
  it("says that its tools could not be read, and has them read again", async () => {
    let failures = 2;
    const server = closing(
      await startRawUpstream(
        script((request, response) => {
          if (request.method === "tools/list" && failures-- > 0) answerRaw(response, "oops", 500);
          else answer(request, response, { tools: [], resultType: "complete", ttlMs: 0, cacheScope: "private" });
        }),
      ),
    );
    const upstreams = closing(startUpstreams([httpUpstream("up", server.url)]));
    const up = await upstreamIn(upstreams, "up");
    for (let read = 0; read < 2; read++) {
      const again = nextEvent(upstreams, (event) => event.kind === "list_changed" && event.list === "tools");
      expect(await up.list("tools")).toMatchObject({ ok: false });
      expect(up.status()).toMatchObject({
        state: "ready",
        lastError: "Its tools could not be read. HTTP 500.\nIt says: oops",
        nextAttempt: expect.any(Number),
      });
      await again;
    }
    expect(await up.list("tools")).toMatchObject({ ok: true });
    expect(up.status()).toMatchObject({ lastError: undefined, nextAttempt: undefined });
  });

  it.each([401, 403])("says that it refuses the credential (HTTP %i), as long as it does", async (status) => {
    let refuses = true;
    const server = closing(
      await startRawUpstream(
        script((request, response) => {
          if (refuses) answerRaw(response, "", status);
          else answer(request, response, { content: [], resultType: "complete" });
        }),
      ),
    );
    const upstreams = closing(startUpstreams([httpUpstream("up", server.url)]));
    const up = await upstreamIn(upstreams, "up");
    const session = up.session(testPeer("p"));
    expect(await session.request(toolCall("t"))).toMatchObject({ fault: { code: "UPSTREAM_REFUSED", executed: "no" } });
    expect(up.status()).toMatchObject({ state: "ready", lastError: expect.stringContaining(`HTTP ${status}`) });
    refuses = false;
    expect(await session.request(toolCall("t"))).toMatchObject({ kind: "result" });
    expect(up.status()).toMatchObject({ lastError: undefined });
  });
});

const HANGS: RawHandler = () => {};
/** What servers do that worked before, to every request; and the reason that is said. */
const FAILURES: ReadonlyArray<readonly [what: string, handler: RawHandler, reason: RegExp]> = [
  ["a proxy without its backend", (_, response) => answerRaw(response, "<h1>Bad gateway</h1>", 502), /HTTP 502\./],
  [
    "a redirect",
    (_, response) => answerRaw(response, "", 302, { location: "https://login.test/" }),
    /HTTP 302: redirects/,
  ],
  [
    "a page for signing in",
    (_, response) => answerRaw(response, "<html>Sign in</html>", 200, { "content-type": "text/html" }),
    /HTTP 200 without a JSON-RPC response\./,
  ],
  ["too many requests", (_, response) => answerRaw(response, "", 429), /HTTP 429/],
  ["a connection that is reset", (_, response) => response.req.socket.destroy(), /other side closed|ECONNRESET/],
  ["no answer", HANGS, /No answer within 500 ms\./],
  ["a refused credential", (_, response) => answerRaw(response, "", 401), /^HTTP 401/],
];

describe.each(SCRIPTS)("a %s upstream that worked", (era, script) => {
  it.each(FAILURES)("says that calls of it fail: %s", async (_, failing, reason) => {
    let fails = false;
    const server = closing(
      await startRawUpstream((request, response) => {
        if (fails) failing(request, response);
        else script((asked, reply) => answer(asked, reply, { content: [], resultType: "complete" }))(request, response);
      }),
    );
    const log = recordingLog();
    const options = httpUpstream("up", server.url, { timeoutMs: failing === HANGS ? 500 : 10_000, era });
    const upstreams = closing(startUpstreams([options], { log }));
    const up = await upstreamIn(upstreams, "up");
    const session = up.session(testPeer("p"));
    const warned = () => log.lines.filter(({ level, fields }) => level === "warn" && "code" in fields);
    for (let row = 1; row <= 2; row++) {
      fails = false;
      expect(await session.request(toolCall("t"))).toMatchObject({ kind: "result" });
      expect(up.status()).toMatchObject({ state: "ready", lastError: undefined });
      fails = true;
      const rounds = await Promise.all([session.request(toolCall("t")), session.request(toolCall("t"))]);
      expect(rounds).toMatchObject([{ kind: "fault" }, { kind: "fault" }]);
      expect(up.status()).toMatchObject({ state: "ready", lastError: expect.stringMatching(reason) });
      expect(warned()).toHaveLength(row);
    }
    expect(warned()[0]?.fields).toMatchObject({ upstream: "up", detail: expect.stringMatching(reason) });
  });
});

describe("the last answer of an upstream", () => {
  const setUp = () => {
    let time = 0;
    const log = recordingLog();
    let said: string | undefined;
    const trouble = (found: UpstreamTrouble | undefined) => {
      said = found?.detail;
    };
    const answers = createLastAnswer({
      upstream: "up",
      log,
      now: () => time,
      faultOf: (status) => statusFault(status, true),
      trouble,
    });
    return { answers, log, said: () => said, pass: (ms: number) => (time += ms) };
  };
  const GONE = { code: "UPSTREAM_UNAVAILABLE", detail: "HTTP 502." } as const;

  it.each([
    ["a limit of the gateway", { code: "UPSTREAM_BUSY", detail: "No turn.", ours: true }],
    ["a question that its client left", { code: "UPSTREAM_TIMEOUT", detail: "No answer to its question.", ours: true }],
    ["an answer beyond its bound", { code: "UPSTREAM_TOO_LARGE", detail: "The answer is larger than 5 bytes." }],
    ["a cancel", { code: "CALL_CANCELLED", detail: "cancelled" }],
  ] as const)("is not what became of %s", (_, fault) => {
    const { answers, log, said } = setUp();
    answers.bad("call", fault);
    expect(said()).toBeUndefined();
    answers.bad("call", GONE);
    answers.bad("call", fault);
    expect(said()).toBe("The last call to it failed. HTTP 502.");
    expect(log.lines).toHaveLength(1);
  });

  it.each([
    "Unauthorized: token expired",
    "unauthenticated",
    "Authentication required",
    "Invalid API key",
    "The access token is expired",
    "invalid_token: credentials expired",
  ])("speaks of a credential when call after call is answered with the error %j", (message) => {
    const { answers, log, said } = setUp();
    const error = { code: -32001, message };
    for (let calls = 0; calls < 2; calls++) answers.error(error);
    expect(said()).toBeUndefined();
    for (let calls = 0; calls < 20; calls++) answers.error(error);
    expect(said()).toContain("JSON-RPC error, -32001, which speaks of a credential");
    expect(log.lines.map(({ level }) => level)).toEqual(["warn"]);
    answers.good();
    expect(said()).toBeUndefined();
  });

  it("says nothing of errors that differ, come now and then, or are about something else", () => {
    const { answers, log, said } = setUp();
    for (let calls = 0; calls < 20; calls++) {
      answers.error({ code: -32001, message: `customer ${calls}: unauthorized` });
      answers.error({ code: -32602, message: "Customer 5 not found" });
    }
    for (let calls = 0; calls < 20; calls++) answers.error({ code: -32602, message: "Customer 5 not found" });
    for (let calls = 0; calls < 20; calls++) {
      answers.error({ code: -32001, message: "Unauthorized" });
      answers.error({ code: -32001, message: "Unauthorized" });
      answers.good();
    }
    expect(said()).toBeUndefined();
    expect(log.lines).toEqual([]);
  });

  it("is told of tests, too, and the latest counts", () => {
    const { answers, said } = setUp();
    answers.bad("test", { code: "UPSTREAM_INVALID", detail: "HTTP 302." });
    expect(said()).toBe("The last test of it failed. HTTP 302.");
    answers.status(401);
    expect(said()).toContain("HTTP 401");
    answers.bad("call", GONE);
    answers.status(202);
    expect(said()).toBe("The last call to it failed. HTTP 502.");
    answers.good();
    expect(said()).toBeUndefined();
  });

  it("is logged once a row, and seldom where rows are short; a row that lasts is logged in the end", () => {
    const { answers, log, pass } = setUp();
    const warned = () => log.lines.filter(({ level }) => level === "warn").length;
    for (let row = 0; row < 50; row++) {
      answers.good();
      answers.bad("call", GONE);
      answers.bad("call", GONE);
    }
    expect(warned()).toBe(2);
    pass(60_000);
    answers.bad("call", GONE);
    answers.bad("call", GONE);
    expect(warned()).toBe(3);
  });
});

it("a question that its client does not answer in time says nothing of the upstream", async () => {
  const server = closing(
    await startRawUpstream(
      legacyScript((request, response) => {
        if (request.method !== "tools/call") return void response.writeHead(202).end();
        stream(response)({ jsonrpc: "2.0", id: 7, method: "elicitation/create", params: { message: "sure?" } });
      }),
    ),
  );
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)], { timing: { parkedMs: 20 } }));
  const up = await upstreamIn(upstreams, "up");
  const peer = testPeer("p", { capabilities: { elicitation: { form: {} } } });
  const round = await up.session(peer).request(toolCall("t"));
  if (round.kind !== "input_required") throw new Error("It asks.");
  await new Promise<void>((resolve) => round.onSuperseded(resolve));
  expect(await round.resume({})).toMatchObject({ fault: { code: "UPSTREAM_TIMEOUT", ours: true } });
  expect(up.status()).toMatchObject({ lastError: undefined });
});

it("an upstream whose lists fail says so of all of them, and which fails why", async () => {
  const statuses: Record<string, number> = {
    "tools/list": 500,
    "resources/list": 500,
    "resources/templates/list": 302,
  };
  const server = closing(
    await startRawUpstream(
      legacyScript((request, response) => answerRaw(response, "", statuses[request.method] ?? 500)),
    ),
  );
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)], { timing: { backoffMs: 1e8 } }));
  const up = await upstreamIn(upstreams, "up");
  await up.list("resources");
  await up.list("resourceTemplates");
  await up.list("tools");
  expect(up.status().lastError).toBe(
    "Its tools and resources could not be read. HTTP 500. Its resource templates could not be read. " +
      "HTTP 302: redirects are not followed. Configure the address that it redirects to.",
  );
  await up.session(testPeer("p")).request(toolCall("t"));
  expect(up.status().lastError).toMatch(/^Its tools and .* The last call to it failed\. HTTP 500\.$/);
});

it.each(["session", "shared"] as const)("an upstream says why a test of it failed (%s)", async (isolation) => {
  const server = closing(await startRawUpstream(legacyScript((asked, reply) => answer(asked, reply, { tools: [] }))));
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url, { isolation })]));
  const up = await upstreamIn(upstreams, "up");
  up.tested({ code: "UPSTREAM_INVALID", detail: "HTTP 302." });
  expect(up.status()).toMatchObject({ state: "ready", lastError: "The last test of it failed. HTTP 302." });
  up.tested(undefined);
  expect(up.status()).toMatchObject({ lastError: undefined });
  up.tested({ code: "UPSTREAM_INVALID", detail: "HTTP 302." });
  expect(await up.list("tools")).toMatchObject({ ok: true });
  expect(up.status()).toMatchObject({ lastError: undefined });
});

it("an upstream that refuses the credential from the start refuses calls for that reason", async () => {
  const server = closing(await startRawUpstream((_request, response) => answerRaw(response, "", 401)));
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)]));
  const up = await upstreamIn(upstreams, "up", "down");
  const round = await up.session(testPeer("p")).request(toolCall("t"));
  expect(round).toMatchObject({ fault: { code: "UPSTREAM_REFUSED" } });
  expect(up.status()).toMatchObject({ lastError: expect.stringContaining("HTTP 401") });
});

describe("attempts in a row", () => {
  it("count on where what opened ended soon and brought nothing", () => {
    let time = 0;
    const row = new RowOfAttempts(() => time);
    const ended = (afterMs: number, useful = false): number => {
      row.opened();
      time += afterMs;
      if (useful) row.useful();
      return row.next();
    };
    expect([ended(0), ended(5), ended(9_999)]).toEqual([0, 1, 2]);
    expect([ended(10_000), ended(0), ended(0, true), ended(0)]).toEqual([0, 1, 0, 1]);
    expect([row.next(), row.next()]).toEqual([2, 3]);
  });

  it.each([
    ["that brings nothing", "", undefined, [100, 200, 300, 400, 500]],
    ["that brings a message each time", '{"jsonrpc":"2.0","method":"x"}', undefined, [100, 100, 100, 100, 100]],
    ["whose server names a delay", "", 3_000, [3_000, 3_000, 3_000, 3_000, 3_000]],
    ["whose server names none that helps", "", 10, [100, 200, 300, 400, 500]],
  ])("of a session's event stream %s", (_, data, retryMs, expected) => {
    const delays: number[] = [];
    const intake = createIntake({ upstream: "up", log: recordingLog(), onFault: () => {} });
    const opened = openLegacyStream({
      intake: {
        ...intake,
        later(work, ms) {
          delays.push(ms);
          if (delays.length < expected.length) queueMicrotask(work);
          return setTimeout(() => {}, 0);
        },
      },
      now: () => 0,
      open(_lastEventId, sink: ReplySink) {
        queueMicrotask(() => {
          sink.onStream({});
          sink.onEvent({ event: "message", data, id: "1", ...(retryMs === undefined ? {} : { retryMs }) } as never);
          sink.onStreamEnd(undefined);
        });
        return { abort() {} } as UpstreamResponse;
      },
      delay: (attempt) => 100 * (attempt + 1),
      onNotification() {},
      onRequest() {},
      onOddQuestion() {},
      onSessionLost() {},
      onFlood() {},
    });
    return expect
      .poll(() => delays)
      .toEqual(expected)
      .then(() => opened.close());
  });
});
