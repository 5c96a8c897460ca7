import { expect, it } from "vitest";
import { faultAnswer } from "../../src/downstream/render-common.ts";
import { answer, legacyScript, modernScript, startRawUpstream, stream } from "../support/raw-upstream.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

it.each([
  ["legacy", legacyScript],
  ["modern", modernScript],
] as const)(
  "a call of a %s server whose time is over says by which setting, and whether progress came",
  async (era, script) => {
    const server = closing(
      await startRawUpstream(
        script((request, response) => {
          if (request.method !== "tools/call") return answer(request, response, { tools: [] });
          const say = stream(response);
          const progressToken = request.body["id"] ?? null;
          say({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken, progress: 1 } });
        }),
      ),
    );
    const upstreams = closing(
      startUpstreams([httpUpstream("up", server.url, { era, timeoutMs: 500, toolTimeouts: [["ha*", 50]] })]),
    );
    const up = await upstreamIn(upstreams, "up");
    const deadline = { ms: 100, setBy: "endpoints.desk.timeout" };
    for (const [more, detail] of [
      [{ wantsProgress: false }, "No answer within 500 ms."],
      [
        { wantsProgress: true },
        "No answer within 500 ms (its timeout), though progress came, which does not lengthen it.",
      ],
      [{ deadline }, "No answer within 100 ms (endpoints.desk.timeout)."],
      [{ deadline: { ms: 60_000, setBy: "endpoints.desk.timeout" } }, "No answer within 500 ms."],
    ] as const) {
      const round = await up.session(testPeer("p")).request(toolCall("slow", {}, more));
      if (round.kind !== "fault") throw new Error("It was answered.");
      expect(round.fault).toMatchObject({ code: "UPSTREAM_TIMEOUT", detail });
      const text = JSON.stringify(faultAnswer(round.fault, { id: "call_1", method: "tools/call" }));
      expect(text).toContain("is a timeout in the gateway's configuration.");
    }
    const ofTool = await up.session(testPeer("p")).request(toolCall("hasty"));
    expect(ofTool).toMatchObject({ fault: { detail: 'No answer within 50 ms (upstreams.up.tools.timeouts["ha*"]).' } });
  },
);
