/** Times and bounds of the upstream room that no operator has to set. Milliseconds unless the name says otherwise. */
export interface UpstreamTiming {
  /** How long one TCP or TLS connect may take. */
  readonly connectMs: number;
  /** How long a child process may stay silent on `server/discover` before it counts as legacy. */
  readonly stdioProbeMs: number;
  /** The same of a server over HTTP, if its own timeout is not shorter. */
  readonly httpProbeMs: number;
  /** How long an era verdict holds before it is probed again. */
  readonly eraTtlMs: number;
  /** First delay of a reconnect; each further one doubles. */
  readonly backoffMs: number;
  /** The longest delay of a reconnect. */
  readonly backoffCapMs: number;
  /** Connection failures in a row that take an upstream down. */
  readonly breakerFailures: number;
  /** How long a call that waits for the client's answer is held before it is given up. */
  readonly parkedMs: number;
  /** How often idle sessions are looked for. */
  readonly reapMs: number;
  /** How long closing something politely may take before it is cut off. */
  readonly closeMs: number;
  /** How long a child may take to exit after its input closed, and again after SIGTERM. */
  readonly killMs: number;
  /** Pages and items of one list that are read at most. */
  readonly maxListPages: number;
  readonly maxListItems: number;
  /** All pages of one list together. */
  readonly maxListBytes: number;
  /** Peers whose sessions are remembered at once. */
  readonly maxPeers: number;
  /** Calls that may wait for their turn on a connection that takes one interactive call at a time. */
  readonly maxQueued: number;
  /** Calls to one upstream in flight at once, which is also its HTTP connections for calls; people share them. */
  readonly maxConnections: number;
  /** What one person may have waiting beside: calls, and sessions to be opened. */
  readonly maxWaiting: number;
  /** How long a call waits for a session where its principal has its share, and all of it is in use. */
  readonly roomMs: number;
  /** How long calls in flight go on with an upstream that was changed or removed: as long as when the gateway stops. */
  readonly graceMs: number;
}

/** What `createUpstreams` takes where it is not told otherwise. */
export const DEFAULT_UPSTREAM_TIMING: UpstreamTiming = {
  connectMs: 5_000,
  stdioProbeMs: 5_000,
  httpProbeMs: 10_000,
  eraTtlMs: 3_600_000,
  backoffMs: 200,
  backoffCapMs: 30_000,
  breakerFailures: 3,
  parkedMs: 900_000,
  reapMs: 15_000,
  closeMs: 2_000,
  killMs: 1_500,
  maxListPages: 200,
  maxListItems: 10_000,
  maxListBytes: 16 * 1024 * 1024,
  maxPeers: 20_000,
  maxQueued: 128,
  // One principal alone has half of them.
  maxConnections: 1024,
  maxWaiting: 256,
  roomMs: 2_000,
  graceMs: 6_000,
};

/** Delay before attempt `attempt` (0 first): doubles up to the cap, then a random half is taken off. */
export function backoffDelay(
  timing: Pick<UpstreamTiming, "backoffMs" | "backoffCapMs">,
  attempt: number,
  random: () => number,
): number {
  const full = Math.min(timing.backoffCapMs, timing.backoffMs * 2 ** Math.min(attempt, 30));
  return full * (0.5 + random() / 2);
}
