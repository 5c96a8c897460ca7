import { describe, expect, it } from "vitest";
import { createKeptSubscriptions } from "../../src/gateway/steps/kept-subscriptions.ts";
import type { UpstreamOptions } from "../../src/upstream/upstream.ts";
import { answer, answerRaw, legacyScript, type RawHandler, startRawUpstream } from "../support/raw-upstream.ts";
import { recordingLog } from "../support/recording-log.ts";
import { httpUpstream, testPeer, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();
const URI = "file:///a";

const subscribing: RawHandler = (request, response) => {
  if (request.method.startsWith("resources/")) answer(request, response, {});
  else response.writeHead(202).end();
};

async function watching(allowed = () => true) {
  const server = closing(await startRawUpstream(legacyScript(subscribing, { session: "s1" })));
  const subscribed = () => server.requests.filter(({ method }) => method === "resources/subscribe").length;
  const options = httpUpstream("up", server.url, { era: "legacy" });
  const upstreams = closing(startUpstreams([options]));
  const kept = createKeptSubscriptions({ upstreams, catalog: { onChange: () => () => {} }, log: recordingLog() });
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

describe("what a client was granted before a restart", () => {
  /** An upstream that cannot be reached until `comes` is called. */
  async function restoring(find?: () => boolean) {
    const first = await startRawUpstream(subscribing);
    await first.close();
    const upstreams = closing(startUpstreams([httpUpstream("up", first.url, { era: "legacy" })]));
    const changes = new Set<() => void>();
    const catalog = {
      onChange(listener: (change: { readonly list: "resources"; readonly upstream: string }) => void) {
        changes.add(() => listener({ list: "resources", upstream: "up" }));
        return () => {};
      },
    };
    const log = recordingLog();
    const kept = createKeptSubscriptions({ upstreams, catalog, log });
    const updates: unknown[] = [];
    const watched = {
      ...{ upstream: "up", uri: URI, peer: testPeer("p"), allowed: () => true },
      onUpdated: ({ params }: { params: unknown }) => updates.push(params),
    };
    const restored = kept.restore(() => (find?.() === false ? undefined : watched));
    const comes = async (handler: RawHandler = subscribing) => {
      const server = closing(await startRawUpstream(legacyScript(handler, { session: "s1" }), first.port));
      await upstreamIn(upstreams, "up");
      return () => server.requests.filter(({ method }) => method === "resources/subscribe").length;
    };
    const listsChange = (): void => {
      for (const change of changes) change();
    };
    return { comes, updates, restored, log, listsChange };
  }

  it("is taken up when its server comes, and its client hears that something may have changed", async () => {
    const { comes, updates, restored } = await restoring();
    const subscribed = await comes();
    await expect.poll(() => updates).toEqual([{ uri: URI }]);
    expect(subscribed()).toBe(1);
    restored.close();
  });

  it("is taken up when it is known whose it is", async () => {
    let known = false;
    const { comes, updates, restored, listsChange } = await restoring(() => known);
    const subscribed = await comes();
    expect(subscribed()).toBe(0);
    known = true;
    listsChange();
    await expect.poll(() => updates).toEqual([{ uri: URI }]);
    restored.close();
  });

  it("is not taken up for who no longer wants it", async () => {
    const { comes, updates, restored } = await restoring();
    restored.close();
    const subscribed = await comes();
    expect([subscribed(), updates]).toEqual([0, []]);
  });

  it("is asked for once, and the log says so, where its server refuses it", async () => {
    const { comes, log, listsChange } = await restoring();
    const subscribed = await comes((request, response) => {
      if (request.method !== "resources/subscribe") subscribing(request, response);
      else {
        const error = { code: -32602, message: "No such resource." };
        answerRaw(response, JSON.stringify({ jsonrpc: "2.0", id: request.body["id"], error }));
      }
    });
    await expect.poll(() => log.lines.some(({ message }) => message.includes("was refused"))).toBe(true);
    listsChange();
    expect(subscribed()).toBe(1);
  });
});
