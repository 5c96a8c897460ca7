import type { Approvals } from "../../approvals/approvals.ts";
import type { ApprovalRequest } from "../../core/approval.ts";
import type { Log } from "../../core/log.ts";
import { Shares } from "../../core/shares.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import type { ApprovedRuns } from "./approved-runs.ts";

/** Runs of the gateway's own at once. */
const AT_ONCE = 32;
/** How many of one requester wait for their turn. One more is offered again within half a minute. */
const MAX_WAITING = 100;
/** How many are looked up at once. */
const PAGE = 1_000;

/**
 * Runs approved calls that nobody holds a connection for: tasks, and those of flows that say so. It hears of them when
 * they are approved, and again whenever the approvals are looked through, so also after a restart, and of those that
 * could not be run before. Requesters share the runs: long ones of somebody hold up no others. Returns the function that
 * ends it.
 */
export function startApprovedRunner(deps: {
  readonly approvals: Pick<Approvals, "onRunnable" | "runnable" | "get" | "personKey">;
  readonly upstreams: Pick<Upstreams, "onEvent">;
  readonly runs: ApprovedRuns;
  readonly log: Log;
}): () => void {
  const { approvals, runs, log } = deps;
  const places = new Shares(AT_ONCE, MAX_WAITING);
  const waiting = new Set<string>();
  let closed = false;

  function begin(id: string, holder: string): void {
    waiting.delete(id);
    void run(id).finally(() => places.give(holder));
  }

  async function run(id: string): Promise<void> {
    if (closed) return;
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
    const { id } = request;
    if (closed || waiting.has(id)) return;
    const holder = approvals.personKey(request);
    if (places.take(holder)) begin(id, holder);
    else if (places.wait(holder, () => begin(id, holder)) !== undefined) waiting.add(id);
  }

  function look(): void {
    approvals.runnable(PAGE).then(
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
  };
}
