import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type LegacyUpstream, startLegacyUpstream } from "../support/legacy-upstream.ts";
import { type ModernUpstream, startModernUpstream } from "../support/modern-upstream.ts";

const OLD = "legacy://watched";
const NEW = "test://config";

let legacy: LegacyUpstream;
let modern: ModernUpstream;
let gateway: TestGateway;

beforeEach(async () => {
  [legacy, modern] = await Promise.all([startLegacyUpstream(), startModernUpstream()]);
  gateway = await startTestGateway({ upstreams: { legacy: { url: legacy.url }, modern: { url: modern.url } } });
});

afterEach(async () => {
  await gateway?.close();
  await Promise.all([legacy?.close(), modern?.close()]);
});

interface Watcher {
  readonly heard: string[];
  watch(uris: readonly string[]): Promise<void>;
  unwatch(): Promise<void>;
  close(): Promise<void>;
}

async function oldWatcher(): Promise<Watcher> {
  const client = new LegacyClient({ name: "watcher", version: "1" });
  const heard: string[] = [];
  const watched = new Set<string>();
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    heard.push(params.uri);
  });
  await client.connect(new LegacyTransport(new URL(gateway.mcp)) as Transport);
  return {
    heard,
    async watch(uris) {
      for (const uri of uris) {
        watched.add(uri);
        await client.subscribeResource({ uri });
      }
    },
    async unwatch() {
      for (const uri of watched) await client.unsubscribeResource({ uri });
    },
    close: () => client.close(),
  };
}

async function newWatcher(): Promise<Watcher> {
  const client = new ModernClient(
    { name: "watcher", version: "2" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
  const heard: string[] = [];
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
    heard.push(params.uri);
  });
  await client.connect(new ModernTransport(new URL(gateway.mcp)));
  let subscription: { close(): Promise<void> } | undefined;
  return {
    heard,
    async watch(uris) {
      subscription = await client.listen({ resourceSubscriptions: [...uris] });
    },
    async unwatch() {
      await subscription?.close();
    },
    close: () => client.close(),
  };
}

const subscribedUpstream = () => [...legacy.sessions.values()].filter((session) => session.subscribed.has(OLD));

async function update(uri: string): Promise<void> {
  if (uri === NEW) modern.notify.resourceUpdated(uri);
  else for (const session of subscribedUpstream()) await session.server.sendResourceUpdated({ uri });
}

const watchedUpstream = () =>
  ["legacy", "modern"].map((name) => gateway.running.wired.upstreams.get(name)?.load().watched);

describe.each([
  { client: "an SDK v1 client that subscribes", connect: oldWatcher },
  { client: "an SDK v2 client that listens", connect: newWatcher },
])("$client", ({ connect }) => {
  it.each([
    ["legacy", OLD],
    ["modern", NEW],
  ])("hears of each update at a %s server, and of none after it stopped", async (_era, uri) => {
    const client = await connect();
    await client.watch([uri]);
    await eventually(async () => (uri === NEW || subscribedUpstream().length === 1 ? true : undefined));
    await Promise.all(subscribedUpstream().map((session) => session.listening));
    for (const times of [1, 2]) {
      await update(uri);
      await eventually(async () => (client.heard.length >= times ? true : undefined));
    }
    expect(client.heard).toEqual([uri, uri]);

    await client.unwatch();
    await eventually(async () => (watchedUpstream().every((count) => count === 0) ? true : undefined));
    await eventually(async () => (subscribedUpstream().length === 0 ? true : undefined));
    await client.close();
  });

  it("hears of servers of both eras at once, and another client only of its own", async () => {
    const [both, one] = [await connect(), await connect()];
    await both.watch([OLD, NEW]);
    await one.watch([NEW]);
    await Promise.all(subscribedUpstream().map((session) => session.listening));
    await update(OLD);
    await eventually(async () => (both.heard.includes(OLD) ? true : undefined));
    await update(NEW);
    await eventually(async () => (both.heard.includes(NEW) && one.heard.length > 0 ? true : undefined));
    expect([both.heard, one.heard]).toEqual([[OLD, NEW], [NEW]]);
    await both.close();
    await one.close();
  });
});

describe("the subscriptions of an SDK v1 client", () => {
  it("are taken up again after a restart of the gateway, without a word from the client", async () => {
    const client = await oldWatcher();
    await client.watch([OLD, NEW]);
    await gateway.restart();
    await eventually(async () => {
      await update(OLD);
      await update(NEW);
      return client.heard.includes(OLD) && client.heard.includes(NEW) ? true : undefined;
    });
    expect(watchedUpstream()).toEqual([1, 1]);
    await client.close();
  });

  it("outlive a legacy server that forgets its sessions", async () => {
    const client = await oldWatcher();
    await client.watch([OLD]);
    legacy.forgetSessions();
    legacy.breakConnections();
    await eventually(async () => (subscribedUpstream().length === 1 ? true : undefined));
    await Promise.all(subscribedUpstream().map((session) => session.listening));
    const before = client.heard.length;
    await update(OLD);
    await eventually(async () => (client.heard.length > before ? true : undefined));
    await client.close();
  });

  it("are refused for a resource that nobody has", async () => {
    const client = await oldWatcher();
    await expect(client.watch(["nowhere://at-all"])).rejects.toThrow(/-32002|-32602/);
    await client.close();
  });
});
