import type { Connector } from "./connector.ts";
import type { UpstreamEvent, UpstreamOptions, UpstreamStatus } from "./upstream.ts";

/** What is known of an upstream's state, and who is told when it changes. */
export interface StateKeeper {
  readonly current: UpstreamStatus["state"];
  readonly lastError: string | undefined;
  status(): UpstreamStatus;
  ready(connector: Connector): void;
  down(detail: string): void;
  /** Something failed that does not change the state yet. */
  failed(detail: string): void;
}

export function createState(deps: {
  readonly options: UpstreamOptions;
  readonly now: () => number;
  emit(event: UpstreamEvent): void;
}): StateKeeper {
  const { options, now, emit } = deps;
  let status: UpstreamStatus = {
    state: "connecting",
    era: options.era === "auto" ? undefined : options.era,
    transport: options.transport.kind,
    capabilities: {},
    serverInfo: undefined,
    instructions: undefined,
    since: now(),
    lastError: undefined,
  };
  const change = (next: Omit<UpstreamStatus, "since">): void => {
    const changed = next.state !== status.state;
    status = { ...next, since: changed ? now() : status.since };
    if (changed) emit({ kind: "state", upstream: options.name, status });
  };
  return {
    get current() {
      return status.state;
    },
    get lastError() {
      return status.lastError;
    },
    status: () => status,
    ready({ facts, route }) {
      const { capabilities, serverInfo, instructions } = facts;
      const { era, transport } = route;
      change({ state: "ready", era, transport, capabilities, serverInfo, instructions, lastError: undefined });
    },
    down: (detail) => change({ ...status, state: "down", lastError: detail }),
    failed: (detail) => change({ ...status, lastError: detail }),
  };
}
