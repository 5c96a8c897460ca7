import type { Log } from "../../core/log.ts";
import type { HttpEndpoint } from "../http/endpoint.ts";
import type { Intake } from "../messages/intake.ts";
import type { Children } from "../process/children.ts";
import type { MessageChannel, MessageChannelEvents, OpenChannel } from "../process/message-channel.ts";
import { openStdio } from "../process/stdio-channel.ts";
import type { UpstreamTiming } from "../timing.ts";
import type { UpstreamOptions } from "../upstream.ts";
import { createMask } from "./mask.ts";
import { openSse } from "./sse-channel.ts";

export interface ChannelDeps {
  readonly options: UpstreamOptions;
  readonly timing: UpstreamTiming;
  readonly log: Log;
  readonly now: () => number;
  readonly intake: Intake;
  readonly children: Children;
  readonly channels: OpenChannels;
}

/** Ends each open channel; kept up to date here. */
export class OpenChannels extends Set<() => Promise<void>> {
  /** No further one is opened: an attempt to connect that goes on after its first channel was ended would open another. */
  over = false;
}

/** Opens children of an upstream over stdio. */
export function stdioChannel(
  deps: ChannelDeps,
  transport: Extract<UpstreamOptions["transport"], { kind: "stdio" }>,
): OpenChannel {
  const { options, timing, log, now, children } = deps;
  const { command, args, env, cwd } = transport;
  const limits = {
    maxLineBytes: options.maxResponseBytes,
    killMs: timing.killMs,
    children,
    mask: createMask(transport),
  };
  return registered(deps, openStdio({ upstream: options.name, command, args, env, cwd, ...limits, log, now }));
}

/** Opens event streams of an upstream over HTTP+SSE. */
export function sseChannel(deps: ChannelDeps, endpoint: HttpEndpoint): OpenChannel {
  return registered(deps, openSse({ endpoint, timeoutMs: deps.options.timeoutMs }));
}

function registered({ channels, intake }: ChannelDeps, open: OpenChannel): OpenChannel {
  return async (events: MessageChannelEvents) => {
    if (channels.over) return { ok: false, detail: "The gateway closed it." };
    let inner: MessageChannel | undefined;
    let failed = false;
    let over = false;
    // One that ended by itself is closed, too: what it started may go on, and has to have ended before a shutdown is complete.
    const close = async (): Promise<void> => {
      over = true;
      if (inner === undefined) return;
      await inner.close();
      channels.delete(end);
    };
    const end = async (): Promise<void> => {
      await close();
      // Whoever still waits for an answer over it hears that there will be none.
      events.onClosed("The gateway closed it.");
    };
    const drop = (): void => {
      failed = true;
      intake.own(close());
      events.onClosed("The gateway failed to handle what it sent.");
    };
    const guarded = (work: () => void): void => {
      if (!failed) intake.guard(work, drop);
    };
    const opened = await open({
      onMessage: (bytes) => guarded(() => events.onMessage(bytes)),
      onOversize: (edges) => guarded(() => events.onOversize(edges)),
      onClosed: (detail) =>
        guarded(() => {
          intake.own(close());
          events.onClosed(detail);
        }),
    });
    if (!opened.ok) return opened;
    const live = opened.channel;
    inner = live;
    channels.add(end);
    if (channels.over) await end();
    else if (over) await close();
    const channel: MessageChannel = {
      send: (text, isWanted) => live.send(text, isWanted),
      pause: () => live.pause(),
      resume: () => live.resume(),
      close,
      words: live.words,
    };
    return { ok: true, channel };
  };
}
