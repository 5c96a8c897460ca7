import type { ClientPeer, Notification } from "../../src/core/call.ts";
import { Cancellation } from "../../src/core/cancellation.ts";
import type { JsonObject } from "../../src/core/json.ts";

import type {
  Upstream,
  UpstreamEvent,
  UpstreamOptions,
  UpstreamRequest,
  Upstreams,
} from "../../src/upstream/upstream.ts";

/** Options of an upstream over Streamable HTTP (or what it is found to be), with short limits. */
export function httpUpstream(name: string, url: string, more: Partial<UpstreamOptions> = {}): UpstreamOptions {
  return { ...COMMON, name, transport: { kind: "http", url, headers: {} }, ...more };
}

/** Options of an upstream that is a child process of Node. */
export function nodeUpstream(
  name: string,
  args: readonly string[],
  more: Partial<UpstreamOptions> = {},
): UpstreamOptions {
  return {
    ...COMMON,
    name,
    transport: { kind: "stdio", command: process.execPath, args, env: {}, cwd: undefined },
    ...more,
  };
}

const COMMON = {
  era: "auto",
  timeoutMs: 10_000,
  isolation: "session",
  idleMs: 60_000,
  maxSessions: 20,
  maxResponseBytes: 4_000_000,
} as const;

/** A request as the gateway passes it on. */
export function upstreamRequest(
  method: string,
  params: JsonObject,
  more: Partial<UpstreamRequest> = {},
): UpstreamRequest {
  return {
    method,
    params,
    mirrored: [],
    wantsProgress: false,
    logLevel: undefined,
    cancellation: new Cancellation(),
    onNotification() {},
    ...more,
  };
}

/** A `tools/call` as the gateway passes it on. */
export function toolCall(name: string, args: JsonObject = {}, more: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return upstreamRequest("tools/call", { name, arguments: args }, more);
}

/** A client as upstream sessions see it; what it is told is kept in `notifications`. */
export function testPeer(
  key: string,
  more: Partial<ClientPeer> = {},
): ClientPeer & { readonly notifications: Notification[] } {
  const notifications: Notification[] = [];
  return {
    key,
    owner: key,
    holder: key,
    capabilities: {},
    takesInputRequests: true,
    request: () => Promise.resolve({ ok: false, error: { code: -32601, message: "Method not found" } }),
    notify: (notification) => notifications.push(notification),
    ...more,
    notifications,
  };
}

/** The upstream of that name, once it is in `state`. */
export async function upstreamIn(
  upstreams: Upstreams,
  name: string,
  state: "ready" | "down" = "ready",
): Promise<Upstream> {
  const upstream = upstreams.get(name);
  if (upstream === undefined) throw new Error(`There is no upstream ${name}.`);
  if (upstream.status().state !== state) {
    await nextEvent(
      upstreams,
      (event) => event.kind === "state" && event.upstream === name && event.status.state === state,
    );
  }
  return upstream;
}

/** The next event that passes `wanted`. */
export function nextEvent(upstreams: Upstreams, wanted: (event: UpstreamEvent) => boolean): Promise<UpstreamEvent> {
  return new Promise((resolve) => {
    const stop = upstreams.onEvent((event) => {
      if (!wanted(event)) return;
      stop();
      resolve(event);
    });
  });
}
