import { describe, expect, it } from "vitest";
import { errorNamesLostSession } from "../../src/upstream/messages/lost-session.ts";
import { answer, answerRaw, legacyScript, type RawHandler, startRawUpstream, stream } from "../support/raw-upstream.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();
const error = (code: number, message: string) => ({ jsonrpc: "2.0", error: { code, message } });
const rejecting =
  (status: number, code: number, message: string): RawHandler =>
  (request, response) =>
    answerRaw(response, JSON.stringify({ ...error(code, message), id: request.body["id"] ?? null }), status);

/** A server that forgets its session after the first call, and says so in `way`. */
async function forgetful(way: RawHandler) {
  let calls = 0;
  const server = closing(
    await startRawUpstream(
      legacyScript(
        (request, response) => {
          calls++;
          if (calls === 2) way(request, response);
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
  return { round, again };
}

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
