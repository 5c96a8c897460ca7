import type { Era, InputRequest, InputResponse, RpcError } from "./call.ts";
import type { CallEnder } from "./cancellation.ts";
import type { RawJson } from "./raw-json.ts";

/**
 * A call to an upstream, in rounds: zero or more times it asks the client something, then it ends.
 *
 * Both eras and all transports are brought to this form by `upstream/`; each edge renders it in its client's era.
 */
export type Round = ResultRound | ErrorRound | InputRequiredRound | FaultRound;

/** The upstream's result, as it wrote it. */
export interface ResultRound {
  readonly kind: "result";
  /** A JSON object. From a legacy upstream it has no `resultType`. */
  readonly result: RawJson;
}

/** The upstream answered with a JSON-RPC error. */
export interface ErrorRound {
  readonly kind: "error";
  readonly error: RpcError;
}

/** The upstream wants something from the client before it goes on. */
export interface InputRequiredRound {
  readonly kind: "input_required";
  /** `modern`: nothing is held upstream, the answers go with a new request. `legacy`: the upstream call stays open. */
  readonly era: Era;
  /** By the upstream's own keys; one key (`"ask"`) where a legacy upstream asks. May be empty: then only `state` counts. */
  readonly inputRequests: Readonly<Record<string, InputRequest>>;
  /** A modern upstream's `requestState`: with it the call can go on in another request. Legacy upstreams have none. */
  readonly state: string | undefined;
  /** Delivers the answers, by the same keys, and waits for the next round. Call at most once. */
  resume(responses: Readonly<Record<string, InputResponse>>): Promise<Round>;
  /** Gives the call up: the upstream is told where it can be. */
  abandon(reason: string): void;
  /**
   * Calls `listener` when the upstream ends the call while its question stands: nobody needs the answer then, and
   * `resume` brings the end. Never for a modern upstream, where nothing is held.
   */
  onSuperseded(listener: () => void): void;
}

/** The upstream did not answer properly. */
export interface FaultRound {
  readonly kind: "fault";
  readonly fault: UpstreamFault;
}

export interface UpstreamFault {
  readonly code:
    | "UPSTREAM_UNAVAILABLE"
    | "UPSTREAM_REFUSED"
    | "UPSTREAM_BUSY"
    | "UPSTREAM_TIMEOUT"
    | "UPSTREAM_CLOSED"
    | "UPSTREAM_INVALID"
    | "UPSTREAM_TOO_LARGE"
    | CallEnder;
  /** The upstream's name. */
  readonly upstream: string;
  /** For operators: what happened, without arguments, results or secrets. */
  readonly detail: string;
  /** What the server said of it beside the protocol, in a short line, for the caller: it may be about the arguments. */
  readonly said?: string | undefined;
  /** `no`: the call surely never reached the tool, and may be repeated. `unknown`: it may have run. */
  readonly executed: "no" | "unknown";
  /** The HTTP answer that it was, where one of its own counts: a status of 500 and above. */
  readonly http?: { readonly status: number; readonly retryAfter: string | undefined } | undefined;
  /** It is a limit of the gateway, or the caller's own doing: it says nothing of the upstream. */
  readonly ours?: true;
}
