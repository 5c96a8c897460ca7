import { expect, it } from "vitest";
import { createEraDoubt } from "../../src/upstream/reaching/era-doubt.ts";
import {
  answer,
  answerRaw,
  legacyScript,
  modernScript,
  type RawHandler,
  startRawUpstream,
} from "../support/raw-upstream.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

const says =
  (text: string): RawHandler =>
  (request, response) => {
    if (!request.method.startsWith("tools/")) return void response.writeHead(202).end();
    answer(request, response, { resultType: "complete", content: [{ type: "text", text }], tools: [] });
  };
const refusal = (status: number, error: object): RawHandler => {
  return (request, response) =>
    answerRaw(response, JSON.stringify({ jsonrpc: "2.0", id: request.body["id"] ?? null, error }), status);
};

/** Servers of the earlier era that refuse a request without a session in these ways. */
const LEGACY: Readonly<Record<string, RawHandler>> = {
  "an error of JSON-RPC's own": refusal(400, { code: -32600, message: "bad session" }),
  "the same with 404": refusal(404, { code: -32600, message: "who are you" }),
  "an unknown method": refusal(404, { code: -32601, message: "Method not found" }),
  "405": refusal(405, { code: -32000, message: "Method not allowed." }),
  "no words": (_request, response) => void response.writeHead(400).end(),
};
const UNSUPPORTED = refusal(400, {
  code: -32022,
  message: "Unsupported protocol version",
  data: { supported: ["2026-07-28"], requested: "" },
});
/** Servers of 2026-07-28 that refuse the earlier era in these. */
const MODERN: Readonly<Record<string, RawHandler>> = {
  "the error of the protocol": UNSUPPORTED,
  "another error": refusal(400, { code: -32600, message: "no _meta" }),
};

const NO_SESSION = refusal(400, { code: -32000, message: "Bad Request: No valid session ID provided" });

function legacy(refused: RawHandler): RawHandler {
  const script = legacyScript(says("legacy"), { session: "s" });
  return (request, response) => {
    const opens = request.method === "initialize" || request.verb !== "POST";
    (opens || request.headers["mcp-session-id"] === "s" ? script : refused)(request, response);
  };
}

function modern(refused: RawHandler): RawHandler {
  const script = modernScript(says("modern"));
  return (request, response) =>
    (request.headers["mcp-protocol-version"] === "2026-07-28" ? script : refused)(request, response);
}

it.each([
  ...Object.entries(LEGACY).map(([name, refused]) => ["legacy", name, modern(UNSUPPORTED), legacy(refused)] as const),
  ...Object.entries(MODERN).map(([name, refused]) => ["modern", name, legacy(NO_SESSION), modern(refused)] as const),
])("a server that is %s from now on, and refuses the other with %s, is found out", async (era, _name, first, then) => {
  let passed = 0;
  let handler = first;
  const server = closing(await startRawUpstream((request, response) => handler(request, response)));
  const upstreams = closing(
    startUpstreams([httpUpstream("up", server.url)], { now: () => Date.now() + passed, timing: { eraTtlMs: 1e9 } }),
  );
  const up = await upstreamIn(upstreams, "up");
  const call = async () => {
    const round = await up.session(testPeer("p")).request(toolCall("t"));
    return round.kind === "result" ? JSON.stringify(round.result.value()) : round.kind;
  };
  expect(await call()).toContain(era === "legacy" ? "modern" : "legacy");
  handler = then;
  passed += 1_000;
  await expect.poll(call).toContain(`"${era}"`);
  expect(up.status()).toMatchObject({ era, state: "ready", lastError: undefined });
});

it("a server that refuses everything is asked ever more rarely, and one answer ends the row", () => {
  let now = 0;
  const doubt = createEraDoubt(() => now);
  let since = 0;
  const times: number[] = [];
  for (; now < 30 * 60_000; now += 500) {
    if (!doubt.refused(400) || !doubt.take(now - since)) continue;
    since = now;
    times.push(now);
  }
  expect(times.length).toBeLessThan(15);
  expect(doubt.refused(200)).toBe(false);
  expect([400, 404].map((status) => doubt.refused(status))).toEqual([false, false]);
  expect(doubt.refused(405)).toBe(true);
});
