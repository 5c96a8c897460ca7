import { describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import type { Round } from "../../src/core/round.ts";
import type { Upstream, UpstreamOptions } from "../../src/upstream/upstream.ts";
import { answer, legacyScript, modernScript, type RawUpstream, startRawUpstream } from "../support/raw-upstream.ts";
import { httpUpstream, nodeUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();
const WORKS = { kind: "result" };
const BUSY = { kind: "fault", fault: { code: "UPSTREAM_BUSY", executed: "no", ours: true } };

const ODD_STDIO = ["test/support/odd-stdio.mjs", "plain"];
type Timing = Parameters<typeof startUpstreams>[1];

async function reach(options: UpstreamOptions, more: Timing = {}): Promise<Upstream> {
  return upstreamIn(closing(startUpstreams([options], more)), options.name);
}

/** One principal that says it is another client each time, and whose calls never end by themselves. */
function hostile(up: Upstream, count: number) {
  const cancellation = new Cancellation();
  const calls = Array.from({ length: count }, (_, index) => {
    const peer = testPeer(`hostile ${index}`, { holder: "hostile" });
    return up.session(peer).request(toolCall("hang", {}, { cancellation }));
  });
  const over = async (): Promise<readonly Round[]> => {
    cancellation.cancel("over");
    return Promise.all(calls);
  };
  return { calls, over };
}

const hanging = (wrap: typeof modernScript): Promise<RawUpstream> =>
  startRawUpstream(
    wrap((request, response) => {
      const name = request.body["params"];
      if (request.method !== "tools/call") response.writeHead(202).end();
      else if (JSON.stringify(name).includes('"hang"')) response.on("close", () => {});
      else answer(request, response, { content: [] });
    }),
  );

const legacy: typeof modernScript = (handler) => legacyScript(handler, { session: "s" });

const KINDS = [
  ["processes", async () => nodeUpstream("up", ODD_STDIO, { era: "legacy", maxSessions: 6 })],
  [
    "sessions over HTTP",
    async () => httpUpstream("up", closing(await hanging(legacy)).url, { era: "legacy", maxSessions: 6 }),
  ],
  ["connections", async () => httpUpstream("up", closing(await hanging(modernScript)).url, { era: "modern" })],
  [
    "connections of a shared session",
    async () => httpUpstream("up", closing(await hanging(legacy)).url, { era: "legacy", isolation: "shared" }),
  ],
] as const;

describe.each(KINDS)("the %s of an upstream", (_kind, options) => {
  const timing = { maxConnections: 6, maxWaiting: 4, roomMs: 200 };

  it("are shared by principals: one with a hundred client names leaves room for another", async () => {
    const up = await reach(await options(), { timing });
    const attack = hostile(up, 100);
    // What goes beyond its share and its queue is refused, so all that it can take is taken now.
    const refused = await Promise.race(attack.calls);
    expect(refused).toMatchObject(BUSY);
    for (const name of ["a", "b"]) {
      expect(await up.session(testPeer(name)).request(toolCall("pid"))).toMatchObject(WORKS);
    }
    await attack.over();
    expect(await up.session(testPeer("hostile 1", { holder: "hostile" })).request(toolCall("pid"))).toMatchObject(
      WORKS,
    );
  });
});

describe("the sessions of an upstream", () => {
  const odd = (maxSessions: number): UpstreamOptions => nodeUpstream("up", ODD_STDIO, { era: "legacy", maxSessions });

  it("are given up by their own principal first", async () => {
    let time = 0;
    const up = await reach(odd(4), { now: () => ++time });
    const pidOf = async (key: string, holder: string): Promise<string> => {
      const round = await up.session(testPeer(key, { holder })).request(toolCall("pid"));
      return round.kind === "result" ? JSON.stringify(round.result.value()) : round.kind;
    };
    const honest = await pidOf("honest", "honest");
    for (let index = 0; index < 12; index++) await pidOf(`hostile ${index}`, "hostile");
    expect(await pidOf("honest", "honest")).toBe(honest);
    expect(up.load().connected).toBeLessThan(4);
  });

  it("are given up by who has more than the one that asks, when nothing is free", async () => {
    const up = await reach(odd(2));
    for (const key of ["a", "b", "c"]) {
      expect(await up.session(testPeer(key)).request(toolCall("pid"))).toMatchObject(WORKS);
    }
    expect(up.load().connected).toBe(2);
  });

  it("are waited for, and had when one is free", async () => {
    const up = await reach(odd(1), { timing: { roomMs: 10_000 } });
    const attack = hostile(up, 1);
    const waits = up.session(testPeer("b")).request(toolCall("pid"));
    await attack.over();
    expect(await waits).toMatchObject(WORKS);
  });
});
