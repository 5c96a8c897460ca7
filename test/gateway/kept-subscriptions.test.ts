import { expect, it } from "vitest";
import { createKeptSubscriptions } from "../../src/gateway/steps/kept-subscriptions.ts";
import type { UpstreamOptions } from "../../src/upstream/upstream.ts";
import { answer, legacyScript, type RawHandler, startRawUpstream } from "../support/raw-upstream.ts";
import { recordingLog } from "../support/recording-log.ts";
import { httpUpstream, testPeer, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();
const URI = "file:///a";

async function watching(allowed = () => true) {
  const handler: RawHandler = (request, response) => {
    if (request.method.startsWith("resources/")) answer(request, response, {});
    else response.writeHead(202).end();
  };
  const server = closing(await startRawUpstream(legacyScript(handler, { session: "s1" })));
  const subscribed = () => server.requests.filter(({ method }) => method === "resources/subscribe").length;
  const options = httpUpstream("up", server.url, { era: "legacy" });
  const upstreams = closing(startUpstreams([options]));
  const kept = createKeptSubscriptions({ upstreams, log: recordingLog() });
  await upstreamIn(upstreams, "up");
  const updates: unknown[] = [];
  const peer = testPeer("p");
  const watched = {
    upstream: "up",
    uri: URI,
    peer,
    allowed,
    onUpdated: ({ params }: { params: unknown }) => updates.push(params),
  };
  const subscription = await kept.add(watched);
  if (!subscription.ok) throw new Error("The server refused it.");
  return { server, upstreams, options, subscribed, updates, subscription };
}

const changed = (options: UpstreamOptions): UpstreamOptions => ({ ...options, timeoutMs: options.timeoutMs + 1 });

const withHeader = (options: UpstreamOptions): UpstreamOptions =>
  options.transport.kind === "stdio"
    ? options
    : { ...options, transport: { ...options.transport, headers: { "x-tenant": "other" } } };

it.each([
  ["another limit", changed],
  ["another header", withHeader],
])("a subscription goes on with the upstream that takes its place with %s, and its client hears", async (_, change) => {
  const { upstreams, options, subscribed, updates } = await watching();
  upstreams.apply([change(options)]);
  await expect.poll(() => updates).toEqual([{ uri: URI }]);
  expect(subscribed()).toBe(2);
});

it("so it does when its upstream was removed and comes back", async () => {
  const { upstreams, options, updates } = await watching();
  upstreams.apply([]);
  upstreams.apply([options]);
  await expect.poll(() => updates).toEqual([{ uri: URI }]);
});

it("it does not go on with a server elsewhere, nor once it was closed or is no longer allowed", async () => {
  const elsewhere = await watching();
  const other = await watching();
  elsewhere.upstreams.apply([{ ...other.options, name: "up" }]);
  await upstreamIn(elsewhere.upstreams, "up");
  const ended = await watching();
  ended.subscription.close();
  ended.upstreams.apply([changed(ended.options)]);
  await upstreamIn(ended.upstreams, "up");
  let may = true;
  const forbidden = await watching(() => may);
  may = false;
  forbidden.upstreams.apply([changed(forbidden.options)]);
  await upstreamIn(forbidden.upstreams, "up");
  expect([elsewhere, ended, forbidden].map(({ updates }) => updates)).toEqual([[], [], []]);
  expect([other, ended, forbidden].map(({ subscribed }) => subscribed())).toEqual([1, 1, 1]);
});
