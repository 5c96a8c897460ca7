import { describe, expect, it } from "vitest";
import { openLegacyStream } from "../../src/upstream/http/legacy-stream.ts";
import type { ReplySink, UpstreamResponse } from "../../src/upstream/http/response.ts";
import { createIntake } from "../../src/upstream/messages/intake.ts";
import { RowOfAttempts } from "../../src/upstream/waiting/row-of-attempts.ts";
import { answer, answerRaw, legacyScript, modernScript, startRawUpstream } from "../support/raw-upstream.ts";
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
        lastError: "Its tools could not be read. HTTP 500.",
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
      onSessionLost() {},
      onFlood() {},
    });
    return expect
      .poll(() => delays)
      .toEqual(expected)
      .then(() => opened.close());
  });
});
