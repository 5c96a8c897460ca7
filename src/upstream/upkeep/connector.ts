import type { Notification } from "../../core/call.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import type { UpstreamFault } from "../../core/round.ts";
import type { HttpEndpoint } from "../http/endpoint.ts";
import { probeHttpEra } from "../http/era-probe.ts";
import { openLegacyHttp } from "../http/legacy.ts";
import { createModernHttp } from "../http/modern.ts";
import { type OpenChannels, sseChannel, stdioChannel } from "../link/channels.ts";
import { openLegacyLink } from "../link/legacy.ts";
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

/** Reaches an upstream, by the route known from last time or by finding it out, and opens the system connection. */
export function establish(deps: ConnectorDeps, known: UpstreamRoute | undefined): Promise<Established> {
  const { transport } = deps.options;
  switch (transport.kind) {
    case "stdio":
      return establishStdio(deps, known, stdioChannel(deps, transport));
    case "http":
      return establishHttp(deps, known, requireEndpoint(deps));
    case "sse":
      return establishLegacyLink(deps, "sse", sseChannel(deps, requireEndpoint(deps)));
    default:
      return transport satisfies never;
  }
}

async function establishHttp(
  deps: ConnectorDeps,
  known: UpstreamRoute | undefined,
  endpoint: HttpEndpoint,
): Promise<Established> {
  const { options, clientInfo, nextId } = deps;
  if (known?.transport === "sse") return establishLegacyLink(deps, "sse", sseChannel(deps, endpoint));
  if (options.era !== "legacy" && known?.era !== "legacy") {
    const verdict = await probeHttpEra({ endpoint, clientInfo, timeoutMs: options.timeoutMs, id: nextId() });
    if (verdict.kind === "fault") return refuse(deps, verdict.fault);
    if (verdict.kind === "modern") return modern(deps, "http", verdict.facts, modernHttp(deps, endpoint));
    if (options.era === "modern") {
      return refuse(deps, {
        code: "UPSTREAM_INVALID",
        detail: "It is configured as modern, but does not answer server/discover. Set its era to auto or legacy.",
      });
    }
  }
  const opened = await openHttpSession(deps, endpoint, deps.capabilities, deps.host);
  if (opened.ok) {
    const open = (capabilities: JsonObject, host: ConnectionHost): Promise<Opened> =>
      openHttpSession(deps, endpoint, capabilities, host);
    return legacy(opened.connection, "http", open);
  }
  if (opened.status !== 400 && opened.status !== 404 && opened.status !== 405) return opened;
  const fallback = await establishLegacyLink(deps, "sse", sseChannel(deps, endpoint));
  // What the upstream said to `initialize` tells more than that it is no HTTP+SSE server either.
  return fallback.ok ? fallback : opened;
}

async function establishStdio(
  deps: ConnectorDeps,
  known: UpstreamRoute | undefined,
  channel: OpenChannel,
): Promise<Established> {
  const { options, timing } = deps;
  if (options.era !== "legacy" && known?.era !== "legacy") {
    let shared = true;
    const link = modernLink(deps, channel, (detail) => {
      if (!shared) deps.onLost(detail);
    });
    const sure = options.era === "modern" || known?.era === "modern";
    const found = await link.discover(sure ? options.timeoutMs : timing.stdioProbeMs);
    if (found.kind === "modern") {
      shared = false;
      return modern(deps, "stdio", found.facts, link, () => link.close());
    }
    deps.track(link.close());
    if (found.kind === "unopened") return refuse(deps, { code: "UPSTREAM_UNAVAILABLE", detail: found.detail });
    if (options.era === "modern" || found.kind === "invalid") {
      return refuse(deps, { code: "UPSTREAM_INVALID", detail: found.detail });
    }
  }
  return establishLegacyLink(deps, "stdio", channel);
}

async function establishLegacyLink(
  deps: ConnectorDeps,
  transport: "stdio" | "sse",
  channel: OpenChannel,
): Promise<Established> {
  const open = (capabilities: JsonObject, host: ConnectionHost): Promise<Opened> =>
    openLegacyLink({
      ...linkBasics(deps, channel),
      capabilities,
      maxQueued: deps.timing.maxQueued,
      host,
    });
  const opened = await open(deps.capabilities, deps.host);
  return opened.ok ? legacy(opened.connection, transport, open) : opened;
}

function legacy(system: Connection, transport: UpstreamRoute["transport"], open: Connector["open"]): Established {
  const connector: Connector = {
    route: { transport, era: "legacy" },
    facts: system.facts,
    open,
    close: () => Promise.resolve(),
  };
  return { ok: true, connector, system };
}

function modern(
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

function modernHttp(deps: ConnectorDeps, endpoint: HttpEndpoint): ModernChannel {
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

function modernLink(deps: ConnectorDeps, channel: OpenChannel, onClosed: (detail: string) => void): ModernLink {
  return new ModernLink({ ...linkBasics(deps, channel), onClosed });
}

function linkBasics(deps: ConnectorDeps, open: OpenChannel) {
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

function openHttpSession(
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

function requireEndpoint(deps: ConnectorDeps): HttpEndpoint {
  if (deps.endpoint === undefined) throw new Error("An upstream over HTTP has no endpoint.");
  return deps.endpoint;
}

function refuse(deps: ConnectorDeps, fault: Pick<UpstreamFault, "code" | "detail">): Established {
  return { ok: false, fault: { ...fault, upstream: deps.options.name, executed: "no" } };
}
