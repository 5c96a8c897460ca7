import { backoffDelay, type UpstreamTiming } from "../timing.ts";
import { createFlood, type Flood, type FloodLimits } from "./flood.ts";
import { STABLE_MS } from "./row-of-attempts.ts";

/** Faults at what an upstream sends that cost it no more than the connection in hand. */
const FAULTS: FloodLimits = { burst: 2, perSecond: 1 / 60 };

/** What to do about a connection that ended: open it again at once, wait first, or take the upstream down and wait. */
export type AfterLoss = "reconnect" | "wait" | "open";

export interface CircuitBreakerDeps {
  readonly timing: Pick<UpstreamTiming, "breakerFailures" | "backoffMs" | "backoffCapMs">;
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * Counts what fails at one upstream, and says when it is enough: then the breaker opens and calls are answered at once,
 * without trying. The delays before the next attempt grow with the failures in a row. It holds no timer and no state of the
 * upstream: what is done about its answers is the supervisor's.
 */
export class CircuitBreaker {
  readonly #deps: CircuitBreakerDeps;
  readonly #faults: Flood;
  #failures = 0;
  #refused = 0;
  /** Of the connection that there is. */
  #connectedAt: number | undefined;

  constructor(deps: CircuitBreakerDeps) {
    this.#deps = deps;
    this.#faults = createFlood(deps.now, FAULTS);
  }

  /** It is connected. Failures before are forgotten only when the connection has lasted. */
  connected(): void {
    if (this.#hasLasted) this.#failures = 0;
    this.#connectedAt = this.#deps.now();
    this.#refused = 0;
  }

  /** An attempt to connect failed; whether the breaker opens. */
  attemptFailed(): boolean {
    // An attempt may be made beside a connection: to find out again how the server is reached.
    if (this.#hasLasted) this.#failures = 0;
    this.#connectedAt = undefined;
    this.#failures++;
    return this.#isEnough(this.#failures);
  }

  /** The connection ended by itself. One that lasted may be opened again at once. */
  lost(): AfterLoss {
    this.#failures = this.#hasLasted ? 0 : this.#failures + 1;
    this.#connectedAt = undefined;
    if (this.#failures <= 1) return "reconnect";
    return this.#isEnough(this.#failures) ? "open" : "wait";
  }

  /** A call found that no connection is accepted; whether that has happened often enough in a row to open. */
  connectionRefused(): boolean {
    this.#refused++;
    return this.#isEnough(this.#refused);
  }

  /** A call's connection was accepted. */
  connectionAccepted(): void {
    this.#refused = 0;
  }

  /** It sent what the gateway fails at; whether that was too often, which opens the breaker. */
  faulted(): boolean {
    if (this.#faults.take()) return false;
    this.#connectedAt = undefined;
    this.#failures++;
    return true;
  }

  /** It opened for another reason than failed attempts: delays begin anew. */
  restart(): void {
    this.#connectedAt = undefined;
    this.#failures = 0;
  }

  /** ms until the next attempt. */
  delay(): number {
    const { timing, random } = this.#deps;
    return backoffDelay(timing, Math.max(0, this.#failures - 1), random);
  }

  get #hasLasted(): boolean {
    return this.#connectedAt !== undefined && this.#deps.now() - this.#connectedAt >= STABLE_MS;
  }

  #isEnough(count: number): boolean {
    return count >= this.#deps.timing.breakerFailures;
  }
}
