import { expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import { eventually } from "../support/eventually.ts";
import { startLegacyUpstream } from "../support/legacy-upstream.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

it("a shared session declares nothing that could be asked of clients", async () => {
  const server = closing(await startLegacyUpstream());
  const peer = testPeer("p", { capabilities: { elicitation: { form: {} }, sampling: {}, roots: {} } });
  const options = httpUpstream("up", server.url, { isolation: "shared" });
  const up = await upstreamIn(closing(startUpstreams([options])), "up");
  await up.session(peer).request(toolCall("echo", { text: "x" }));
  const sessions = [...server.sessions.values()];
  expect(sessions.map(({ server: one }) => one.getClientCapabilities())).toEqual([{}]);
});

it("a shared session counts in the load of its upstream", async () => {
  const server = closing(await startLegacyUpstream());
  const options = httpUpstream("up", server.url, { isolation: "shared" });
  const up = await upstreamIn(closing(startUpstreams([options])), "up");
  expect(up.load()).toEqual({ peers: undefined, connected: 1, inFlight: 0, watched: 0 });
  const clients = ["a", "b"].map((key) => up.session(testPeer(key)));
  for (const client of clients) await client.subscribe("test://r", () => {});
  const cancellation = new Cancellation();
  const calls = clients.map((client) => client.request(toolCall("wait", {}, { cancellation })));
  await eventually(async () => (server.waiting === 2 ? true : undefined));
  expect(up.load()).toEqual({ peers: undefined, connected: 1, inFlight: 2, watched: 1 });
  cancellation.cancel("enough");
  await Promise.all(calls);
  expect(up.load().inFlight).toBe(0);
});
