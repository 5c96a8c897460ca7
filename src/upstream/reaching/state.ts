import type { FaultRound, UpstreamFault } from "../../core/round.ts";
import { faultRound } from "../messages/fault.ts";
import type { UpstreamEvent, UpstreamOptions, UpstreamStatus } from "../upstream.ts";
import type { Connector } from "./connector.ts";
import { type Phase, type PhaseEvent, SHOWN_AS, TRANSITIONS } from "./phases.ts";

/** Keeps the state of an upstream, and tells when it changes. `code`: what calls are refused with meanwhile. */
export interface StateKeeper {
  readonly phase: Phase;
  status(): UpstreamStatus;
  /** The answer to every call while the upstream is down. */
  refusal(): FaultRound | undefined;
  /** The fault for whoever needs a connection while there is none. */
  notReached(): FaultRound;
  /** It answers. Ready is what was ready before, and what nobody reads lists of. */
  reached(connector: Connector): void;
  /** Its lists were read, or it is known why not: it is ready, unless its connection has ended meanwhile. */
  listsRead(): void;
  /** An attempt to reach it failed, or its connection ended. */
  lost(detail: string, code?: UpstreamFault["code"]): void;
  down(detail: string, code?: UpstreamFault["code"]): void;
  /** It is no longer registered. */
  stopped(): void;
  /** Something failed that does not change the phase. */
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
  let phase: Phase = "connecting";
  let code: UpstreamFault["code"] = "UPSTREAM_UNAVAILABLE";
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
  const move = (event: PhaseEvent): UpstreamStatus["state"] => {
    phase = TRANSITIONS[phase][event];
    return phase === "closed" ? status.state : SHOWN_AS[phase];
  };
  const shown = (): UpstreamStatus => {
    if (status.lastError !== undefined || troubles.size === 0) return status;
    const found = [...troubles.values()];
    const next = found.flatMap((trouble) => trouble.next ?? []);
    return { ...status, lastError: detailOf(found), nextAttempt: next.length === 0 ? undefined : Math.min(...next) };
  };
  const fault = (otherwise: string): FaultRound => faultRound(options.name, code, "no", status.lastError ?? otherwise);
  return {
    get phase() {
      return phase;
    },
    refusal() {
      if (phase === "closed")
        return faultRound(options.name, "UPSTREAM_UNAVAILABLE", "no", "It is no longer registered.");
      return phase === "down" ? fault("It is down.") : undefined;
    },
    notReached: () => fault("It was not reached yet."),
    status: shown,
    reached({ facts, route }) {
      const { capabilities, serverInfo, instructions } = facts;
      const { era, transport } = route;
      const said = { capabilities, serverInfo, instructions };
      let state = move("reached");
      if (listsRead) state = move("lists_read");
      change({ state, era, transport, ...said, lastError: undefined, nextAttempt: undefined });
    },
    listsRead() {
      if (phase !== "reading" && phase !== "ready") return;
      listsRead = true;
      change({ ...status, state: move("lists_read") });
    },
    lost(detail, because = "UPSTREAM_UNAVAILABLE") {
      code = because;
      change({ ...status, state: move("lost"), lastError: detail });
    },
    down(detail, because = "UPSTREAM_UNAVAILABLE") {
      code = because;
      change({ ...status, state: move("taken_down"), lastError: detail });
    },
    stopped() {
      move("stopped");
    },
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
