import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import type { UpstreamOptions, Upstreams } from "../../src/upstream/upstream.ts";
import { answer, legacyScript, modernScript, type RawHandler, startRawUpstream } from "../support/raw-upstream.ts";
import { recordingLog } from "../support/recording-log.ts";
import { httpUpstream, nodeUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();
const ODD = fileURLToPath(new URL("../support/odd-stdio.mjs", import.meta.url));

/** An upstream with one call in flight, which `answerIt` ends where the transport lets a test. */
interface InFlight {
  readonly options: UpstreamOptions;
  arrived(): Promise<unknown>;
  answerIt(): void;
}

async function overHttp(script: (handler: RawHandler) => RawHandler): Promise<InFlight> {
  let answerIt = (): void => {};
  const server = closing(
    await startRawUpstream(
      script((request, response) => {
        if (request.method === "tools/call") answerIt = () => answer(request, response, { content: [] });
        else response.writeHead(202).end();
      }),
    ),
  );
  return {
    options: httpUpstream("up", server.url),
    arrived: () => server.request(({ method }) => method === "tools/call"),
    answerIt: () => answerIt(),
  };
}

const log = recordingLog();
const TRANSPORTS: ReadonlyArray<readonly [string, () => Promise<InFlight>]> = [
  ["modern HTTP", () => overHttp((handler) => modernScript(handler))],
  ["legacy HTTP", () => overHttp((handler) => legacyScript(handler, { session: "s1" }))],
  [
    "stdio",
    async () => ({
      options: nodeUpstream("up", [ODD, "plain"], { era: "legacy" }),
      arrived: () => expect.poll(() => log.lines.some(({ fields }) => fields["stderr"] === "hanging")).toBe(true),
      answerIt: () => {},
    }),
  ],
];

async function calling(start: () => Promise<InFlight>, graceMs: number) {
  log.lines.splice(0);
  const inFlight = await start();
  const upstreams = closing(startUpstreams([inFlight.options], { log, timing: { graceMs } }));
  const cancellation = new Cancellation();
  const up = await upstreamIn(upstreams, "up");
  const round = up.session(testPeer("p")).request(toolCall("hang", {}, { cancellation }));
  await inFlight.arrived();
  return { ...inFlight, upstreams, cancellation, round };
}

const changed = (options: UpstreamOptions): UpstreamOptions => ({ ...options, timeoutMs: options.timeoutMs + 1 });

describe.each(TRANSPORTS)("a call over %s", (_, start) => {
  const ends: ReadonlyArray<
    readonly [
      string,
      string,
      (its: { upstreams: Upstreams; options: UpstreamOptions; cancellation: Cancellation }) => unknown,
    ]
  > = [
    ["its server is changed", "UPSTREAM_CHANGED", ({ upstreams, options }) => upstreams.apply([changed(options)])],
    ["its server is removed", "UPSTREAM_CHANGED", ({ upstreams }) => upstreams.apply([])],
    ["the gateway stops", "GATEWAY_STOPPED", ({ upstreams }) => upstreams.close()],
    ["its session is ended", "SESSION_ENDED", ({ cancellation }) => cancellation.cancel("ended", "SESSION_ENDED")],
    ["its client cancels it", "CALL_CANCELLED", ({ cancellation }) => cancellation.cancel("stop")],
  ];

  it.each(ends)("ends as what ended it, and may have run: %s", async (_what, code, end) => {
    const its = await calling(start, 0);
    const ended = end(its);
    expect(await its.round).toMatchObject({ kind: "fault", fault: { code, executed: "unknown" } });
    await ended;
  });
});

describe("a call whose server is changed or removed", () => {
  it.each(TRANSPORTS.slice(0, 2))("goes on for a while over %s, and new calls go to the new one", async (_, start) => {
    const its = await calling(start, 60_000);
    its.upstreams.apply([changed(its.options)]);
    const other = await upstreamIn(its.upstreams, "up");
    const { answerIt } = its;
    answerIt();
    expect(await its.round).toMatchObject({ kind: "result" });
    expect(other).toBe(its.upstreams.get("up"));
  });

  it("is cut off when the gateway stops meanwhile", async () => {
    const its = await calling(() => overHttp((handler) => modernScript(handler)), 60_000);
    its.upstreams.apply([]);
    await its.upstreams.close();
    expect(await its.round).toMatchObject({ kind: "fault", fault: { code: "UPSTREAM_CHANGED" } });
  });
});
