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
    const upstreams = closing(startUpstreams([httpUpstream("up", server.url, { era, timeoutMs: 500 })]));
    const up = await upstreamIn(upstreams, "up");
    for (const [wantsProgress, detail] of [
      [false, "No answer within 500 ms."],
      [true, "No answer within 500 ms (its timeout), though progress came, which does not lengthen it."],
    ] as const) {
      const round = await up.session(testPeer("p")).request(toolCall("slow", {}, { wantsProgress }));
      if (round.kind !== "fault") throw new Error("It was answered.");
      expect(round.fault).toMatchObject({ code: "UPSTREAM_TIMEOUT", detail });
      const text = JSON.stringify(faultAnswer(round.fault, { id: "call_1", method: "tools/call" }));
      expect(text).toContain("is the timeout of this server in the gateway's configuration.");
    }
  },
);
