import type { Approvals } from "../../approvals/approvals.ts";
import type { ApprovalRequest } from "../../core/approval.ts";
import type { Log } from "../../core/log.ts";
import { subjectKindOf } from "../../core/subject.ts";
import type { ApprovalTail } from "../../store/approvals/tail.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import { maySee } from "../access.ts";
import type { Operator } from "../operator.ts";
import type { Events, OperatorEvent } from "./events.ts";

export interface EventsDeps {
  readonly tail: ApprovalTail;
  readonly approvals: Pick<Approvals, "get" | "isRequester" | "onTransition">;
  readonly upstreams: Pick<Upstreams, "names" | "get" | "onEvent">;
  readonly log: Log;
  /** How often the store is asked what other processes did, while somebody listens, ms. Default 500. */
  readonly pollMs?: number;
  /** Listeners at once. Default 1,000. */
  readonly max?: number;
}

/** Events with the way in for what this room cannot hear by itself. */
export interface EventSource extends Events {
  /** The policies were replaced, or newer files were refused. */
  policiesChanged(state: { readonly digest: string; readonly refused: boolean }): void;
  /** An upstream describes so many tools otherwise than before. */
  definitionsChanged(upstream: string, tools: number): void;
}

interface Listener {
  readonly operator: Operator;
  readonly notify: (event: OperatorEvent) => void;
}

/** So many happenings are read at once; more follow at once. */
const BATCH = 200;

/**
 * Makes the events. Those of approvals come from the store, so that it does not matter in which process something
 * happened: it is looked at when something happened here, and every `pollMs`, and only while somebody listens. Whoever
 * begins to listen and then reads what there is misses nothing.
 */
export function createEvents(deps: EventsDeps): EventSource {
  const { tail, approvals, upstreams, log, pollMs = 500, max = 1_000 } = deps;
  const listeners = new Set<Listener>();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let place: number | undefined;
  /** The names when they were last looked at, and those that the listeners heard of. */
  let names = upstreams.names();
  let known = new Set(names);
  /** One look at a time; `again`: something happened during it. */
  let looking = false;
  let again = false;

  function emit(event: OperatorEvent, sees: (operator: Operator) => boolean): void {
    for (const { operator, notify } of [...listeners]) if (sees(operator)) notify(event);
  }
  const toAdmins = (event: OperatorEvent): void => emit(event, (operator) => operator.admin);

  function look(): void {
    if (closed || listeners.size === 0) return;
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    clearTimeout(timer);
    void read()
      .catch((err: unknown) => log.warn({ err }, "The store does not tell what happens to approvals."))
      .finally(() => {
        looking = false;
        if (again) {
          again = false;
          look();
        } else schedule();
      });
  }

  function schedule(): void {
    if (closed || listeners.size === 0) return;
    timer = setTimeout(look, pollMs);
    timer.unref();
  }

  async function read(): Promise<void> {
    compareNames();
    if (place === undefined) {
      place = await tail.end();
      return;
    }
    const { ids, place: next } = await tail.after(place, BATCH);
    place = next;
    again ||= ids.length === BATCH;
    for (const id of ids) {
      const request = await approvals.get(id);
      // Gone again: nobody can look at it any more.
      if (request !== undefined) emit(eventOf(request), (operator) => maySee(request, operator, approvals));
    }
  }

  // An upstream that comes or goes changes no state. One that came, was heard of and went between two looks went too.
  function compareNames(): void {
    const now = upstreams.names();
    if (now === names && known.size === now.length) return;
    const present = new Set(now);
    for (const upstream of known) {
      if (!present.has(upstream)) toAdmins({ kind: "upstream", upstream, state: "removed" });
    }
    for (const upstream of now) {
      const state = known.has(upstream) ? undefined : upstreams.get(upstream)?.status().state;
      if (state !== undefined) toAdmins({ kind: "upstream", upstream, state });
    }
    names = now;
    known = present;
  }

  const unhear = [
    approvals.onTransition(look),
    upstreams.onEvent((event) => {
      if (event.kind !== "state") return;
      const { upstream, status } = event;
      known.add(upstream);
      toAdmins({ kind: "upstream", upstream, state: status.state });
    }),
  ];

  return {
    subscribe(operator, notify) {
      if (closed || listeners.size >= max) return undefined;
      const listener = { operator, notify };
      listeners.add(listener);
      if (listeners.size === 1) {
        // What happened while nobody listened is nobody's news.
        place = undefined;
        names = upstreams.names();
        known = new Set(names);
        look();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) clearTimeout(timer);
      };
    },
    definitionsChanged: (upstream, tools) => toAdmins({ kind: "definitions", upstream, tools }),
    policiesChanged: (state) => toAdmins({ kind: "policies", ...state }),
    close() {
      closed = true;
      clearTimeout(timer);
      listeners.clear();
      for (const stop of unhear) stop();
    },
  };
}

function eventOf({ id, state, version, method, upstream, tool: name }: ApprovalRequest): OperatorEvent {
  const subject = { kind: subjectKindOf(method), name };
  const tool = subject.kind === "tool" ? name : null;
  return { kind: "approval", id, state, version, method, upstream, tool, subject };
}
