import { expect, it } from "vitest";
import { answer, legacyScript, modernScript, type RawHandler, startRawUpstream } from "../support/raw-upstream.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

/* A server over HTTP that never answers `server/discover` may be an older one. */

const closing = closeAfterEach();
const TOOL = { resultType: "complete", content: [{ type: "text", text: "here" }], tools: [] };
const serves: RawHandler = (request, response) => {
  if (request.method.startsWith("tools/")) answer(request, response, TOOL);
  else response.writeHead(202).end();
};

const SILENT: RawHandler = () => {};

async function serverThat(otherwise: RawHandler) {
  return closing(
    await startRawUpstream((request, response) =>
      (request.method === "server/discover" ? SILENT : otherwise)(request, response),
    ),
  );
}

it("is found to be one by its session", async () => {
  const server = await serverThat(legacyScript(serves, { session: "s" }));
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)], { timing: { httpProbeMs: 300 } }));
  const round = await (await upstreamIn(upstreams, "up")).session(testPeer("p")).request(toolCall("t"));
  expect(round).toMatchObject({ kind: "result" });
});

it("is told by what it did with both questions where it answers neither", async () => {
  const server = await serverThat((_request, response) => {
    response.writeHead(500).end();
  });
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)], { timing: { httpProbeMs: 300 } }));
  const status = (await upstreamIn(upstreams, "up", "down")).status();
  expect(JSON.stringify(status)).toMatch(/No answer within 300 ms.*Nor did it open a session.*Set its era/);
});

it("is asked nothing else where its era is said", async () => {
  const server = await serverThat(modernScript(serves));
  const options = { ...httpUpstream("up", server.url), era: "modern" as const, timeoutMs: 300 };
  const upstreams = closing(startUpstreams([options]));
  await upstreamIn(upstreams, "up", "down");
  expect(server.requests.map(({ method }) => method)).not.toContain("initialize");
});
