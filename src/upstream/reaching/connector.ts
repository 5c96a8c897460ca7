import type { Notification } from "../../core/call.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import type { UpstreamFault } from "../../core/round.ts";
import type { HttpEndpoint } from "../http/endpoint.ts";
import { openLegacyHttp } from "../http/legacy.ts";
import { createModernHttp } from "../http/modern.ts";
import type { OpenChannels } from "../link/channels.ts";
import { ModernLink } from "../link/modern.ts";
import type { Intake } from "../messages/intake.ts";
import type { ServerFacts } from "../messages/server-facts.ts";
import type { Children } from "../process/children.ts";
import type { OpenChannel } from "../process/message-channel.ts";
import type { Connection, ConnectionHost, Opened } from "../protocol/connection.ts";
import type { ModernChannel } from "../protocol/modern-channel.ts";
import { ModernConnection } from "../protocol/modern-connection.ts";
import { ModernListener } from "../protocol/modern-listener.ts";
import { backoffDelay, type UpstreamTiming } from "../timing.ts";
import type { UpstreamOptions } from "../upstream.ts";

/** What was found out about an upstream: how it is reached, and how it speaks. */
export interface UpstreamRoute {
  readonly transport: "stdio" | "http" | "sse";
  readonly era: "modern" | "legacy";
}

/** Opens connections to an upstream whose route is known. */
export interface Connector {
  readonly route: UpstreamRoute;
  readonly facts: ServerFacts;
  open(capabilities: JsonObject, host: ConnectionHost): Promise<Opened>;
  /** Ends what all connections share; the connections themselves are closed by their owners. */
  close(): Promise<void>;
}

export type Established =
  | { readonly ok: true; readonly connector: Connector; readonly system: Connection }
  | { readonly ok: false; readonly fault: UpstreamFault };

export interface ConnectorDeps {
  readonly options: UpstreamOptions;
  readonly clientInfo: JsonObject;
  readonly timing: UpstreamTiming;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
  readonly nextId: () => number;
  readonly intake: Intake;
  readonly children: Children;
  /** For upstreams over HTTP; lives as long as the upstream is registered. */
  readonly endpoint: HttpEndpoint | undefined;
  /** The system connection's host, and the client capabilities that it shows. */
  readonly host: ConnectionHost;
  readonly capabilities: JsonObject;
  /** The shared way to a modern upstream ended by itself. */
  onLost(detail: string): void;
  /** What it says before the handshake is no message. */
  onNoMessage(detail: string): void;
  /** Lists should be read again, because changes may have been missed or a definition is out of date. */
  onStale(): void;
  /** Something that ends on its own but must be waited for when everything is closed. */
  track(shutdown: Promise<void>): void;
  /** Ends each open message channel; kept up to date here. */
  readonly channels: OpenChannels;
}

/** A legacy upstream: each connection is a session of its own. */
export function legacyConnector(
  system: Connection,
  transport: UpstreamRoute["transport"],
  open: Connector["open"],
): Established {
  const connector: Connector = {
    route: { transport, era: "legacy" },
    facts: system.facts,
    open,
    close: () => Promise.resolve(),
  };
  return { ok: true, connector, system };
}

/** A modern upstream: all connections share one way to it. `close` ends that. */
export function modernConnector(
  deps: ConnectorDeps,
  transport: UpstreamRoute["transport"],
  facts: ServerFacts,
  channel: ModernChannel,
  close: () => Promise<void> = () => Promise.resolve(),
): Established {
  const { options, timing, random } = deps;
  const listener = new ModernListener({
    upstream: options.name,
    channel,
    capabilities: facts.capabilities,
    timeoutMs: options.timeoutMs,
    now: deps.now,
    delay: (attempt) => backoffDelay(timing, attempt, random),
    onNotification: (notification: Notification) => deps.host.onNotification(notification),
    onResumed: () => deps.onStale(),
  });
  const connect = (capabilities: JsonObject, host: ConnectionHost): Connection =>
    new ModernConnection({ facts, channel, listener, capabilities, host });
  const connector: Connector = {
    route: { transport, era: "modern" },
    facts,
    open: (capabilities, host) => Promise.resolve({ ok: true, connection: connect(capabilities, host) }),
    async close() {
      listener.close();
      await close();
    },
  };
  return { ok: true, connector, system: connect(deps.capabilities, deps.host) };
}

/** The shared way to a modern upstream over HTTP. */
export function modernHttp(deps: ConnectorDeps, endpoint: HttpEndpoint): ModernChannel {
  const { options, timing, clientInfo, nextId } = deps;
  return createModernHttp({
    upstream: options.name,
    endpoint,
    clientInfo,
    timeoutMs: options.timeoutMs,
    parkedMs: timing.parkedMs,
    closeMs: timing.closeMs,
    now: deps.now,
    nextId,
    onHeaderMismatch: () => deps.onStale(),
  });
}

/** The same over the input and output of a program. */
export function modernLink(deps: ConnectorDeps, channel: OpenChannel, onClosed: (detail: string) => void): ModernLink {
  return new ModernLink({ ...linkBasics(deps, channel), onClosed });
}

/** What every link over a message channel is made with. */
export function linkBasics(deps: ConnectorDeps, open: OpenChannel) {
  const { options, timing, log, now, intake, clientInfo, nextId } = deps;
  return {
    intake,
    log,
    now,
    open,
    clientInfo,
    timeoutMs: options.timeoutMs,
    parkedMs: timing.parkedMs,
    nextId,
    onNoMessage: (detail: string) => deps.onNoMessage(detail),
  };
}

/** Opens a session with a legacy upstream over HTTP. */
export function openHttpSession(
  deps: ConnectorDeps,
  endpoint: HttpEndpoint,
  capabilities: JsonObject,
  host: ConnectionHost,
): ReturnType<typeof openLegacyHttp> {
  const { options, timing, log, now, random, clientInfo, nextId } = deps;
  return openLegacyHttp({
    upstream: options.name,
    endpoint,
    now,
    clientInfo,
    capabilities,
    timeoutMs: options.timeoutMs,
    timing,
    nextId,
    random,
    log,
    host,
  });
}
