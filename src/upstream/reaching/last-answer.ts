import type { RpcError } from "../../core/call.ts";
import { isCallEnder } from "../../core/cancellation.ts";
import type { Log } from "../../core/log.ts";
import type { UpstreamFault } from "../../core/round.ts";
import type { StatusFault } from "../http/status.ts";
import { createFlood, type FloodLimits } from "../waiting/flood.ts";
import type { UpstreamTrouble } from "./state.ts";

/** Whether an upstream that is reached answers what it is asked: what its last answer was, where that was none. */
export interface LastAnswer {
  /** It answered. */
  good(): void;
  /** It answered a call with an error of its own. */
  error(error: RpcError): void;
  /** A call or a test of it was not answered. Limits of the gateway and what callers give up say nothing of it. */
  bad(what: "call" | "test", fault: Pick<UpstreamFault, "code" | "detail" | "ours">): void;
  /** The HTTP status of any message's answer: some say all, before or without a body. */
  status(status: number): void;
}

/** Rows of failures that are logged: one that fails every other time would fill the log. */
const ROWS: FloodLimits = { burst: 2, perSecond: 1 / 60 };

/** Errors in a row that are alike, from which on they are no matter of single calls. */
const ALIKE = 3;
/** Characters of an error that are looked at. */
const MAX_READ = 500;
/** What servers say of a credential that is not taken, as an error of the protocol. */
const OF_CREDENTIAL =
  /unauthori[sz]ed|unauthenticated|authentication (required|failed)|(invalid|expired|missing) (access |api |auth )?(token|key|credentials?)|(token|key|credentials?) (is |has |have |are )?(invalid|expired|missing)/i;

/** Begins with an upstream of which nothing bad is known. */
export function createLastAnswer(deps: {
  readonly upstream: string;
  readonly log: Log;
  readonly now: () => number;
  /** What a status alone amounts to. */
  readonly faultOf: (status: number) => StatusFault | undefined;
  readonly trouble: (trouble: UpstreamTrouble | undefined) => void;
}): LastAnswer {
  const { upstream, log, now, faultOf, trouble } = deps;
  const rows = createFlood(now, ROWS);
  let bad = false;
  let refused = false;
  let alike = { text: "", count: 0 };
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
  const warn = (code: UpstreamFault["code"], detail: string): void => {
    if (logged || !rows.take()) return;
    logged = true;
    log.warn(
      { upstream, code, detail },
      "An upstream does not answer what it is asked; its state says why until it does.",
    );
  };
  return {
    good() {
      alike = { text: "", count: 0 };
      good();
    },
    error({ code, message }) {
      const text = `${code} ${message}`;
      alike = { text, count: alike.text === text ? alike.count + 1 : 1 };
      if (alike.count < ALIKE || !OF_CREDENTIAL.test(message.slice(0, MAX_READ))) return good();
      // Not its words: they may hold what was called with.
      const detail = `It answers each call with the same JSON-RPC error, ${code}, which speaks of a credential. Check those configured for it.`;
      failed(detail);
      warn("UPSTREAM_REFUSED", detail);
    },
    bad(what, fault) {
      const { code, detail } = fault;
      if (!isIts(fault)) return;
      refused = code === "UPSTREAM_REFUSED";
      failed(refused ? detail : `The last ${what === "call" ? "call to" : "test of"} it failed. ${detail}`);
      warn(code, detail);
    },
    status(status) {
      const fault = faultOf(status);
      if (fault?.code === "UPSTREAM_REFUSED") {
        refused = true;
        failed(fault.detail);
      } else if (refused && status < 300) good();
    },
  };
}

/** Whether a fault is the server's, or of the way to it. */
export function isIts({ code, ours }: Pick<UpstreamFault, "code" | "ours">): boolean {
  return ours !== true && code !== "UPSTREAM_TOO_LARGE" && !isCallEnder(code);
}
