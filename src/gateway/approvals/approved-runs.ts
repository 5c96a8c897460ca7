import type { Approvals } from "../../approvals/approvals.ts";
import type { ApprovalRequest } from "../../core/approval.ts";
import { doneWithin } from "../../core/deadline.ts";
import type { Principal } from "../../core/principal.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import type { Execute } from "../steps/execute.ts";
import type { Origin } from "../steps/origin.ts";
import { readContext } from "./approval-context.ts";
import { type LiveCaller, type SubjectOfRequestDeps, subjectOfRequest } from "./run-check.ts";
import { createRunListeners, type RunListener } from "./run-listeners.ts";
import { type Begun, CHANGED, createRunWay, notRun, type RunWayDeps, refusedNow } from "./run-way.ts";

/** Runs approved calls, each once. A run is nobody's: whoever waits for it may come and go. */
export interface ApprovedRuns {
  /** Runs an approved request, unless it is being run. `caller` is who wants it now, if anybody is there. @throws never */
  begin(request: ApprovalRequest, caller: LiveCaller | undefined): Promise<Begun>;
  /** Passes what the run of this request says on its way to `listener`, until the function returned is called. */
  listen(id: string, listener: RunListener): () => void;
  /** Calls `release` once nothing runs on this peer's upstream sessions any more: at once, nearly always. */
  whenPeerIsFree(peerKey: string, release: () => void): void;
  /** Begins nothing more, and resolves when all runs are over, or after `ms`. */
  drain(ms: number): Promise<void>;
}

export interface ApprovedRunsDeps extends SubjectOfRequestDeps, RunWayDeps {
  readonly execute: Execute;
  readonly approvals: Pick<Approvals, "requestedCall" | "claim" | "finish" | "invalidate">;
  readonly upstreams: Upstreams;
  /** A requester who is not there, as they are now; `undefined` if their credential is no longer accepted. */
  readonly principalNow: (before: Principal) => Principal | undefined;
  /** Until when something is done in the name of a principal who came at `since` and may be gone, ms since the epoch. */
  readonly actsUntil: (principal: Principal, since: number) => number;
  readonly callIds: () => string;
  readonly now: () => number;
}

export function createApprovedRuns(deps: ApprovedRunsDeps): ApprovedRuns {
  const { approvals, log, now } = deps;
  const beginning = new Map<string, Promise<Begun>>();
  const running = new Map<string, { readonly peerKey: string; readonly over: Promise<void> }>();
  const listeners = createRunListeners();
  let stopped = false;
  const wayOf = createRunWay(deps, {
    listeners,
    stopped: () => stopped,
    keep(id, peerKey, run) {
      const over = run.finally(() => running.delete(id));
      running.set(id, { peerKey, over });
      return over;
    },
  });

  /** Finds out in whose name the call is run and what it is about, then takes the steps of `execute.ts`. */
  async function start(request: ApprovalRequest, caller: LiveCaller | undefined): Promise<Begun> {
    const { id } = request;
    const unfit = (reason: string) => notRun(approvals, id, { kind: "invalid", reason });
    const requested = await approvals.requestedCall(id);
    const context = requested === undefined ? undefined : readContext(requested.context);
    if (requested === undefined || context === undefined) {
      return unfit("What was asked for can no longer be read.");
    }
    const principal = caller?.principal ?? deps.principalNow(requested.principal);
    if (principal === undefined) return unfit("The requester's credential is no longer accepted here.");
    // Whoever holds a connection came before it was approved, too: their token may have ended while they waited.
    if (now() >= deps.actsUntil(principal, request.createdAt)) return { kind: "absent" };
    const origin: Origin = {
      id: deps.callIds(),
      method: request.method,
      receivedAt: now(),
      principal,
      client: caller?.client ?? context.client,
      headers: caller?.headers ?? context.headers,
      scope: context,
      session: context.session,
      traceId: caller?.traceId,
    };
    const found = await subjectOfRequest(deps, request, context, requested.arguments);
    if (found.kind !== "found") return notRun(approvals, id, found);
    const { subject } = found;
    return deps.execute(origin, subject, wayOf({ request, context, caller, origin, subject }));
  }

  function begin(request: ApprovalRequest, caller: LiveCaller | undefined): Promise<Begun> {
    const { id } = request;
    const known = running.get(id);
    if (known !== undefined) return Promise.resolve({ kind: "running", over: known.over });
    const before = beginning.get(id);
    // What cannot be begun without its requester can be with them.
    if (before !== undefined) {
      return before.then((begun) => (begun.kind === "absent" && caller !== undefined ? begin(request, caller) : begun));
    }
    if (stopped) return Promise.resolve(CHANGED);
    const begun = start(request, caller)
      .catch((err: unknown) => {
        log.error({ err, request: id }, "An approved call could not be begun.");
        return refusedNow("APPROVALS_UNAVAILABLE");
      })
      .finally(() => beginning.delete(id));
    beginning.set(id, begun);
    return begun;
  }

  return {
    begin,
    listen: listeners.listen,
    whenPeerIsFree(peerKey, release) {
      const busy = [...running.values()].filter((run) => run.peerKey === peerKey).map(({ over }) => over);
      if (busy.length === 0) release();
      else void Promise.all(busy).then(release);
    },
    async drain(ms) {
      stopped = true;
      await doneWithin(ms, Promise.all(beginning.values()).then(allOver));
    },
  };

  async function allOver(): Promise<void> {
    await Promise.all(Array.from(running.values(), ({ over }) => over));
  }
}
