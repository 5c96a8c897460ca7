import type { JsonObject } from "../../core/json.ts";
import type { UpstreamFault } from "../../core/round.ts";
import type { HttpEndpoint } from "../http/endpoint.ts";
import { probeHttpEra } from "../http/era-probe.ts";
import { sseChannel, stdioChannel } from "../link/channels.ts";
import { openLegacyLink } from "../link/legacy.ts";
import type { OpenChannel } from "../process/message-channel.ts";
import type { ConnectionHost, Opened } from "../protocol/connection.ts";
import {
  type ConnectorDeps,
  type Established,
  legacyConnector,
  linkBasics,
  modernConnector,
  modernHttp,
  modernLink,
  openHttpSession,
  type UpstreamRoute,
} from "./connector.ts";

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
  const { options, clientInfo, nextId, timing } = deps;
  if (known?.transport === "sse") return establishLegacyLink(deps, "sse", sseChannel(deps, endpoint));
  let unanswered: Pick<UpstreamFault, "code" | "detail"> | undefined;
  if (options.era !== "legacy" && known?.era !== "legacy") {
    const sure = options.era === "modern" || known?.era === "modern";
    const timeoutMs = sure ? options.timeoutMs : Math.min(options.timeoutMs, timing.httpProbeMs);
    const verdict = await probeHttpEra({ endpoint, clientInfo, timeoutMs, id: nextId() });
    if (verdict.kind === "fault") {
      // An older server may have nothing to say to a question that it does not know.
      if (sure || verdict.fault.code !== "UPSTREAM_TIMEOUT") return refuse(deps, verdict.fault);
      unanswered = verdict.fault;
    }
    if (verdict.kind === "modern") return modernConnector(deps, "http", verdict.facts, modernHttp(deps, endpoint));
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
    return legacyConnector(opened.connection, "http", open);
  }
  if (unanswered !== undefined) {
    const detail = `${unanswered.detail} Nor did it open a session: ${opened.fault.detail} Set its era to modern or legacy if only one of these is to be asked.`;
    return refuse(deps, { code: unanswered.code, detail });
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
      return modernConnector(deps, "stdio", found.facts, link, () => link.close());
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
  return opened.ok ? legacyConnector(opened.connection, transport, open) : opened;
}

function requireEndpoint(deps: ConnectorDeps): HttpEndpoint {
  if (deps.endpoint === undefined) throw new Error("An upstream over HTTP has no endpoint.");
  return deps.endpoint;
}

function refuse(deps: ConnectorDeps, fault: Pick<UpstreamFault, "code" | "detail">): Established {
  return { ok: false, fault: { ...fault, upstream: deps.options.name, executed: "no" } };
}
