import type { Approvals } from "../approvals/approvals.ts";
import type { ApprovalRequest } from "../core/approval.ts";
import type { Log } from "../core/log.ts";
import type { Upstreams } from "../upstream/upstream.ts";
import type { ApprovedRuns } from "./approved-runs.ts";

/** Runs of the gateway's own at once, and how many wait for their turn. One more is offered again within half a minute. */
const AT_ONCE = 16;
const MAX_WAITING = 1_000;

/**
 * Runs approved calls that nobody holds a connection for: tasks, and those of flows that say so. It hears of them when
 * they are approved, and again whenever the approvals are looked through, so also after a restart, and of those that
 * could not be run before. Returns the function that ends it.
 */
export function startApprovedRunner(deps: {
  readonly approvals: Pick<Approvals, "onRunnable" | "runnable" | "get">;
  readonly upstreams: Pick<Upstreams, "onEvent">;
  readonly runs: ApprovedRuns;
  readonly log: Log;
}): () => void {
  const { approvals, runs, log } = deps;
  const waiting = new Set<string>();
  let active = 0;
  let closed = false;

  function next(): void {
    for (const id of waiting) {
      if (closed || active >= AT_ONCE) return;
      waiting.delete(id);
      active += 1;
      void run(id).finally(() => {
        active -= 1;
        next();
      });
    }
  }

  async function run(id: string): Promise<void> {
    try {
      const request = await approvals.get(id);
      if (request?.state !== "approved") return;
      const begun = await runs.begin(request, undefined);
      if (begun.kind === "running") await begun.over;
      else if (begun.kind !== "changed") log.debug({ request: id }, "An approved call cannot be run yet.");
    } catch (err) {
      log.error({ err, request: id }, "An approved call could not be looked up. It is tried again.");
    }
  }

  function take(request: ApprovalRequest): void {
    if (waiting.size < MAX_WAITING) waiting.add(request.id);
    next();
  }

  function look(): void {
    approvals.runnable(MAX_WAITING).then(
      (requests) => requests.forEach(take),
      (err: unknown) => log.error({ err }, "Approved calls could not be looked up. It is tried again."),
    );
  }

  const stops = [
    approvals.onRunnable(take),
    // What is approved and waits for its server need not wait longer.
    deps.upstreams.onEvent((event) => {
      if (event.kind === "state" && event.status.state === "ready") look();
    }),
  ];
  look();
  return () => {
    closed = true;
    for (const stop of stops) stop();
    waiting.clear();
  };
}
