import { expect, it } from "vitest";
import { isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import {
  answer,
  legacyScript,
  modernScript,
  type RawHandler,
  startRawUpstream,
  stream,
} from "../support/raw-upstream.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

const OTHERS = { experimental: { own: {} }, extensions: { "io.modelcontextprotocol/ui": {} } };
const QUESTIONS = { elicitation: { form: {}, url: {} }, sampling: { tools: {} }, roots: {} };
const META = "io.modelcontextprotocol/clientCapabilities";

const answered: RawHandler = (request, response) =>
  answer(request, response, { resultType: "complete", content: [{ type: "text", text: "ok" }] });

function member(value: Json | undefined, ...names: readonly string[]): Json | undefined {
  return names.reduce((inner: Json | undefined, name) => (isObject(inner) ? inner[name] : undefined), value);
}

it.each([
  ["legacy", "that keeps a session", true, { ...OTHERS, ...QUESTIONS }],
  ["legacy", "that keeps none", false, OTHERS],
  ["modern", "that keeps a session", true, { ...OTHERS, ...QUESTIONS }],
  ["modern", "that keeps none", false, { ...OTHERS, ...QUESTIONS }],
] as const)(
  "a %s server is told of a client %s what it can be served with",
  async (era, _whose, takesInputRequests, told) => {
    const script = era === "legacy" ? legacyScript(answered, { session: "s" }) : modernScript(answered);
    const raw = closing(await startRawUpstream(script));
    const upstream = await upstreamIn(closing(startUpstreams([httpUpstream("up", raw.url)])), "up");
    const peer = testPeer("client", { capabilities: { ...OTHERS, ...QUESTIONS }, takesInputRequests });
    expect(await upstream.session(peer).request(toolCall("t"))).toMatchObject({ kind: "result" });
    const said = raw.requests
      .filter(({ method }) => method === (era === "legacy" ? "initialize" : "tools/call"))
      .at(-1);
    const path = era === "legacy" ? ["params", "capabilities"] : ["params", "_meta", META];
    expect(member(said?.body, ...path)).toEqual(told);
  },
);

it("a legacy server that asks such a client all the same is told no, and its call goes on", async () => {
  let ended: (heard: JsonObject) => void = () => {};
  const raw = closing(
    await startRawUpstream(
      legacyScript(
        (request, response) => {
          if (request.method === "tools/call") {
            const say = stream(response);
            ended = ({ error }) => {
              const text = isObject(error) ? "It did without." : "It was answered.";
              say({ jsonrpc: "2.0", id: request.body["id"] ?? null, result: { content: [{ type: "text", text }] } });
              response.end();
            };
            say({ jsonrpc: "2.0", id: 77, method: "elicitation/create", params: { message: "Name?" } });
            return;
          }
          response.writeHead(202).end();
          ended(request.body);
        },
        { session: "s" },
      ),
    ),
  );
  const upstream = await upstreamIn(closing(startUpstreams([httpUpstream("up", raw.url)])), "up");
  const peer = testPeer("client", { capabilities: QUESTIONS, takesInputRequests: false });
  const round = await upstream.session(peer).request(toolCall("t"));
  expect(round.kind === "result" && round.result.value()).toMatchObject({ content: [{ text: "It did without." }] });
});
