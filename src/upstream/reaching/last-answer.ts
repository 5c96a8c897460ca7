import type { Log } from "../../core/log.ts";
import type { UpstreamFault } from "../../core/round.ts";
import { statusFault } from "../http/status.ts";
import { createFlood, type FloodLimits } from "../waiting/flood.ts";
import type { UpstreamTrouble } from "./state.ts";

/** Whether an upstream that is reached answers what it is asked: what its last answer was, where that was none. */
export interface LastAnswer {
  /** It answered, be it with an error of its own. */
  good(): void;
  /** A call or a test of it was not answered. Limits of the gateway and what callers give up say nothing of it. */
  bad(what: "call" | "test", fault: Pick<UpstreamFault, "code" | "detail" | "ours">): void;
  /** The HTTP status of any message's answer: some say all, before or without a body. */
  status(status: number): void;
}

/** Rows of failures that are logged: one that fails every other time would fill the log. */
const ROWS: FloodLimits = { burst: 2, perSecond: 1 / 60 };

/** Begins with an upstream of which nothing bad is known. */
export function createLastAnswer(deps: {
  readonly upstream: string;
  readonly log: Log;
  readonly now: () => number;
  readonly trouble: (trouble: UpstreamTrouble | undefined) => void;
}): LastAnswer {
  const { upstream, log, now, trouble } = deps;
  const rows = createFlood(now, ROWS);
  let bad = false;
  let refused = false;
  /** This row of failures stands in the log. */
  let logged = false;
  const failed = (detail: string): void => {
    bad = true;
    trouble({ detail, next: undefined });
  };
  const good = (): void => {
    if (logged) log.info({ upstream }, "An upstream answers again.");
    if (bad) trouble(undefined);
    bad = refused = logged = false;
  };
  return {
    good,
    bad(what, fault) {
      const { code, detail } = fault;
      if (!isIts(fault)) return;
      refused = code === "UPSTREAM_REFUSED";
      failed(refused ? detail : `The last ${what === "call" ? "call to" : "test of"} it failed. ${detail}`);
      if (logged || !rows.take()) return;
      logged = true;
      log.warn(
        { upstream, code, detail },
        `A ${what} failed that an upstream should have answered; its state says why until it answers again.`,
      );
    },
    status(status) {
      const fault = statusFault(status);
      if (fault?.code === "UPSTREAM_REFUSED") {
        refused = true;
        failed(fault.detail);
      } else if (refused && status < 300) good();
    },
  };
}

/** Whether a fault is the server's, or of the way to it. */
export function isIts({ code, ours }: Pick<UpstreamFault, "code" | "ours">): boolean {
  return ours !== true && code !== "CALL_CANCELLED" && code !== "UPSTREAM_TOO_LARGE";
}
