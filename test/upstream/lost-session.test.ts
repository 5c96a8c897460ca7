import { describe, expect, it } from "vitest";
import { errorNamesLostSession } from "../../src/upstream/messages/lost-session.ts";
import {
  answer,
  answerRaw,
  legacyScript,
  modernScript,
  type RawHandler,
  startRawUpstream,
  stream,
} from "../support/raw-upstream.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();
const error = (code: number, message: string) => ({ jsonrpc: "2.0", error: { code, message } });
const rejecting =
  (status: number, code: number, message: string): RawHandler =>
  (request, response) =>
    answerRaw(response, JSON.stringify({ ...error(code, message), id: request.body["id"] ?? null }), status);

/** A server that forgets its session after the first call, and says so in `way`. */
async function forgetful(way: RawHandler, times = 1) {
  let calls = 0;
  const server = closing(
    await startRawUpstream(
      legacyScript(
        (request, response) => {
          calls++;
          if (calls > 1 && calls <= 1 + times) way(request, response);
          else answer(request, response, { content: [] });
        },
        { session: "s" },
      ),
    ),
  );
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url, { era: "legacy" })]));
  const up = await upstreamIn(upstreams, "up");
  const session = up.session(testPeer("p"));
  await session.request(toolCall("t"));
  const before = server.requests.filter(({ method }) => method === "initialize").length;
  const round = await session.request(toolCall("t"));
  const again = server.requests.filter(({ method }) => method === "initialize").length - before;
  return { round, again, calls };
}

it.each<[number, number, string]>([
  [404, -32602, "Customer 5 not found"],
  [404, -32000, "Customer 5 not found"],
  [400, -32000, "amount must be positive"],
  [410, 17, "Order 5 is gone"],
])(
  "a server of 2026-07-28 that answers a call with %d and an error is not asked again",
  async (status, code, message) => {
    const server = closing(await startRawUpstream(modernScript(rejecting(status, code, message))));
    const upstreams = closing(startUpstreams([httpUpstream("up", server.url)]));
    const up = await upstreamIn(upstreams, "up");
    const round = await up.session(testPeer("p")).request(toolCall("t"));
    expect(round).toMatchObject({ kind: "error", error: { code, message } });
    expect(server.requests.filter(({ method }) => method === "tools/call")).toHaveLength(1);
  },
);

describe("a server that no longer knows the session", () => {
  it.each<[string, RawHandler]>([
    ["404", (_request, response) => answerRaw(response, "", 404)],
    ["410", (_request, response) => answerRaw(response, "Gone", 410)],
    ["400 with words", rejecting(400, -32000, "Bad Request: No valid session ID provided")],
    ["401 with words", rejecting(401, -32000, "Unauthorized: invalid session")],
    ["200 with an error", rejecting(200, -32001, "Session not found")],
    [
      "200 with an error on an event stream",
      (request, response) => {
        stream(response)({ ...error(-32600, "Session has expired"), id: Number(request.body["id"]) });
        response.end();
      },
    ],
  ])("and says so by %s is initialised once more, and the call goes out again", async (_, way) => {
    const { round, again } = await forgetful(way);
    expect(round).toMatchObject({ kind: "result" });
    expect(again).toBe(1);
  });

  it("is not meant by what a tool says of sessions of its own, nor by a refused credential", async () => {
    const tool = await forgetful(rejecting(200, -32602, "Session not found"));
    expect(tool).toMatchObject({ round: { kind: "error" }, again: 0 });
    const refused = await forgetful(rejecting(401, -32000, "Token expired"));
    expect(refused).toMatchObject({ round: { fault: { code: "UPSTREAM_REFUSED" } }, again: 0 });
  });

  it.each(['"', " ", "\0", "not found ", "session ", "server "])(
    "is found or not in one look at a message, however often it says %j",
    (unit) => {
      const says = (message: string): boolean =>
        errorNamesLostSession({ kind: "error", id: 1, error: { code: -32000, message } });
      expect(says(unit.repeat(1_000_000))).toBe(false);
      expect(says(`${'"'.repeat(1_000_000)}Session not found`)).toBe(true);
    },
  );

  it.each<[string, RawHandler, object]>([
    ["404", rejecting(404, -32602, "Customer 5 not found"), { code: -32602, message: "Customer 5 not found" }],
    ["404 with the code of a lost session", rejecting(404, -32001, "Customer 5 not found"), { code: -32001 }],
    ["404 about a session of its own", rejecting(404, -32602, "Session 5 not found"), { code: -32602 }],
    ["410", rejecting(410, -32000, "Order 5 is gone"), { code: -32000 }],
    ["400", rejecting(400, -32602, "No such browser session"), { code: -32602 }],
    ["422", rejecting(422, -32602, "amount must be positive"), { code: -32602 }],
  ])("is not meant by a tool that answers its call with an error and %s", async (_, way, error) => {
    const { round, again, calls } = await forgetful(way);
    expect(round).toMatchObject({ kind: "error", error });
    expect({ again, calls }).toEqual({ again: 0, calls: 2 });
  });

  it("is tried once more where an error answers no request, and its words are the answer if they stay the same", async () => {
    const way: RawHandler = (_request, response) =>
      answerRaw(response, JSON.stringify({ ...error(-32000, "Customer 5 not found"), id: null }), 404);
    const { round, again } = await forgetful(way, Number.POSITIVE_INFINITY);
    expect(round).toMatchObject({ kind: "error", error: { message: "Customer 5 not found" } });
    expect(again).toBe(1);
  });

  it.each([
    ["Session not found", true],
    ["Not Found: Session 7f3a does not exist", true],
    ["Bad Request: Mcp-Session id", false],
    ["Bad Request: Server not initialized", true],
    ["Invalid session ID", true],
    ["The browser session was closed", false],
    ["Cannot find session notes", false],
  ])("%s", (message, lost) => {
    expect(errorNamesLostSession({ kind: "error", id: 1, error: { code: -32000, message } })).toBe(lost);
  });
});
