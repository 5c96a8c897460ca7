import { expect, it } from "vitest";
import type { Notification } from "../../src/core/call.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { ListenHandlers, ModernChannel } from "../../src/upstream/protocol/modern-channel.ts";
import { ModernListener } from "../../src/upstream/protocol/modern-listener.ts";

/** A server at the other end of the channel that acknowledges whatever is asked for. */
function start() {
  const streams: Array<{ readonly filter: JsonObject; readonly handlers: ListenHandlers; closed: boolean }> = [];
  const channel: ModernChannel = {
    call: () => Promise.reject(new Error("Nobody calls here.")),
    listen(filter, handlers) {
      const stream = { filter, handlers, closed: false };
      streams.push(stream);
      queueMicrotask(() => handlers.onAcknowledged(filter));
      return {
        close() {
          stream.closed = true;
        },
      };
    },
  };
  const listener = new ModernListener({
    upstream: "up",
    channel,
    capabilities: { resources: { subscribe: true } },
    now: Date.now,
    timeoutMs: 1_000,
    delay: () => 0,
    onNotification: () => {},
    onResumed: () => {},
  });
  const updated = (uri: string): void =>
    streams.at(-1)?.handlers.onNotification({ method: "notifications/resources/updated", params: { uri } });
  return { listener, streams, updated };
}

const uris = (heard: readonly Notification[]) => heard.map(({ params }) => params["uri"]);

it("tells of a resource and of its parts, once to each who watches", async () => {
  const { listener, updated } = start();
  const [folder, both]: [Notification[], Notification[]] = [[], []];
  const hearBoth = (notification: Notification) => void both.push(notification);
  await Promise.all([
    listener.watch("file:///project", (notification) => void folder.push(notification)),
    listener.watch("file:///project", hearBoth),
    listener.watch("file:///project/a", hearBoth),
  ]);
  for (const uri of ["file:///project", "file:///project/a", "file:///projects", "file:///other"]) updated(uri);
  expect(uris(folder)).toEqual(["file:///project", "file:///project/a"]);
  expect(uris(both)).toEqual(["file:///project", "file:///project/a"]);
  listener.close();
});

it("has one stream open, with exactly what is watched", async () => {
  const { listener, streams } = start();
  const ignore = (): void => {};
  await listener.watch("a://1", ignore);
  await listener.watch("a://2", ignore);
  expect(streams.filter((stream) => !stream.closed).map(({ filter }) => filter)).toEqual([
    { resourceSubscriptions: ["a://1", "a://2"] },
  ]);
  listener.unwatch("a://1", ignore);
  listener.unwatch("a://2", ignore);
  await new Promise((resolve) => setImmediate(resolve));
  expect(streams.every((stream) => stream.closed)).toBe(true);
  listener.close();
});
