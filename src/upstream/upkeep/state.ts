import type { UpstreamEvent, UpstreamOptions, UpstreamStatus } from "../upstream.ts";
import type { Connector } from "./connector.ts";

/** What is known of an upstream's state, and who is told when it changes. */
export interface StateKeeper {
  readonly current: UpstreamStatus["state"];
  /** Why it is not reached. */
  readonly lastError: string | undefined;
  status(): UpstreamStatus;
  /** It answers. Ready is what was ready before, and what nobody reads lists of. */
  reached(connector: Connector): void;
  /** Its lists were read, or it is known why not. */
  listsRead(): void;
  down(detail: string): void;
  /** Something failed that does not change the state yet. */
  failed(detail: string): void;
  /** When it is tried to reach it next, ms since the epoch; `undefined`: not planned. */
  next(at: number | undefined): void;
  /** Something of it does not work although it is reached; `undefined`: it works. */
  trouble(what: TroubleName, trouble: UpstreamTrouble | undefined): void;
}

/** `handshake`: its first words are no messages. `lists`: they could not be read. `answers`: its last answer was none. */
export type TroubleName = "handshake" | "lists" | "answers";

export interface UpstreamTrouble {
  readonly detail: string;
  /** When it is tried next, ms since the epoch; `undefined`: with the next call. */
  readonly next: number | undefined;
}

export function createState(deps: {
  readonly options: UpstreamOptions;
  /** Somebody keeps its lists, and says when they were read. */
  readonly keepsLists: boolean;
  readonly now: () => number;
  emit(event: UpstreamEvent): void;
}): StateKeeper {
  const { options, now, emit } = deps;
  let listsRead = !deps.keepsLists;
  const troubles = new Map<TroubleName, UpstreamTrouble>();
  let status: UpstreamStatus = {
    state: "connecting",
    era: options.era === "auto" ? undefined : options.era,
    transport: options.transport.kind,
    capabilities: {},
    serverInfo: undefined,
    instructions: undefined,
    since: now(),
    lastError: undefined,
    nextAttempt: undefined,
  };
  const change = (next: Omit<UpstreamStatus, "since">): void => {
    const changed = next.state !== status.state;
    status = { ...next, since: changed ? now() : status.since };
    if (changed) emit({ kind: "state", upstream: options.name, status: shown() });
  };
  const shown = (): UpstreamStatus => {
    if (status.lastError !== undefined || troubles.size === 0) return status;
    const found = [...troubles.values()];
    const next = found.flatMap((trouble) => trouble.next ?? []);
    return { ...status, lastError: detailOf(found), nextAttempt: next.length === 0 ? undefined : Math.min(...next) };
  };
  return {
    get current() {
      return status.state;
    },
    get lastError() {
      return status.lastError;
    },
    status: shown,
    reached({ facts, route }) {
      const { capabilities, serverInfo, instructions } = facts;
      const { era, transport } = route;
      const said = { capabilities, serverInfo, instructions };
      const state = listsRead ? "ready" : "connecting";
      change({ state, era, transport, ...said, lastError: undefined, nextAttempt: undefined });
    },
    listsRead() {
      listsRead = true;
      if (status.state === "connecting") change({ ...status, state: "ready" });
    },
    down: (detail) => change({ ...status, state: "down", lastError: detail }),
    failed: (detail) => change({ ...status, lastError: detail }),
    next: (nextAttempt) => change({ ...status, nextAttempt }),
    trouble(what, trouble) {
      if (trouble === undefined) troubles.delete(what);
      else troubles.set(what, trouble);
    },
  };
}

/** All that does not work, each reason once: one may stand within another. There are as many as there are names for `trouble`. */
function detailOf(troubles: readonly UpstreamTrouble[]): string {
  const details = [...new Set(troubles.map(({ detail }) => detail))];
  return details.filter((detail) => !details.some((other) => other !== detail && other.includes(detail))).join(" ");
}
