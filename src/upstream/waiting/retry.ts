import { Cancellation } from "../../core/cancellation.ts";
import { compileGlobs } from "../../core/glob.ts";
import type { Log } from "../../core/log.ts";
import type { FaultRound, Round, UpstreamFault } from "../../core/round.ts";
import { backoffDelay } from "../timing.ts";
import type { RetryCause, RetryOptions, UpstreamRequest } from "../upstream.ts";
import { createFlood, LOGGED } from "./flood.ts";

export interface RetriesDeps {
  readonly upstream: string;
  readonly options: RetryOptions;
  /** Deadline of a request that has no other, from its first attempt to the end of its last. */
  readonly timeoutMs: number;
  /** Whether calls are refused now: the breaker is open, or the upstream is no longer registered. */
  readonly isDown: () => boolean;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Log;
}

/** One attempt at a request. @throws never */
export type Attempt = (request: UpstreamRequest) => Promise<Round>;

/** The longest delay that the backoff comes to; what a server asks for may be longer. */
const BACKOFF_CAP_MS = 10_000;

/** Where a request stands after an attempt that failed. */
interface Standing {
  readonly request: UpstreamRequest;
  readonly fault: UpstreamFault;
  readonly cause: RetryCause | undefined;
  /** Attempts so far. */
  readonly made: number;
  /** Whether anything of an attempt was passed to the client. */
  readonly told: boolean;
  /** Until the next attempt, and until the deadline. */
  readonly delayMs: number;
  readonly leftMs: number;
}

/** Repeats requests of one upstream that failed, where they surely have not run, or may run twice. */
export class Retries {
  readonly #deps: RetriesDeps;
  readonly #mayRunTwice: (request: UpstreamRequest) => boolean;
  readonly #logged;
  readonly #closed = new Cancellation();

  /**
   * What ends a request after an attempt that failed: the first row that holds says why. One that passes them all goes out again.
   */
  readonly #ends: ReadonlyArray<readonly [why: string, holds: (standing: Standing) => boolean]> = [
    ["it failed in another way than retry.on names", ({ cause }) => cause === undefined || !this.#on(cause)],
    ["it may have run", ({ fault, request }) => fault.executed !== "no" && !this.#mayRunTwice(request)],
    ["something of it was passed on", ({ told }) => told],
    ["it was tried often enough", ({ made }) => made >= this.#deps.options.attempts],
    ["it was cancelled", ({ request }) => request.cancellation.cancelled],
    ["its server is down", () => this.#closed.cancelled || this.#deps.isDown()],
    ["its time would be over", ({ delayMs, leftMs }) => delayMs >= leftMs],
  ];

  constructor(deps: RetriesDeps) {
    this.#deps = deps;
    const named = compileGlobs(deps.options.idempotent);
    // Whoever gets a prompt, reads a resource or completes an argument changes nothing. What tools do only the operator knows.
    this.#mayRunTwice = ({ method, params }) => method !== "tools/call" || named(String(params["name"]));
    this.#logged = createFlood(deps.now, LOGGED);
  }

  /** Attempts it until it is answered, or as often as it may be, within its deadline. @throws never */
  async send(given: UpstreamRequest, attempt: Attempt): Promise<Round> {
    const { now, timeoutMs } = this.#deps;
    const until = now() + (given.deadline?.ms ?? timeoutMs);
    const setBy = given.deadline?.setBy ?? `upstreams.${this.#deps.upstream}.timeout`;
    let told = false;
    let request: UpstreamRequest = {
      ...given,
      onNotification(notification) {
        told = true;
        given.onNotification(notification);
      },
    };
    for (let made = 1; ; made++) {
      const round = await attempt(request);
      if (round.kind !== "fault") return this.#ended(round, made);
      const { fault } = round;
      const leftMs = until - now();
      const standing = {
        request,
        fault,
        cause: causeOf(fault),
        made,
        told,
        delayMs: this.#delayMs(made, fault),
        leftMs,
      };
      const end = this.#ends.find(([, holds]) => holds(standing));
      if (end !== undefined) return this.#ended(round, made, end[0]);
      await pause(standing.delayMs, request.cancellation, this.#closed);
      const { cancelled, by } = request.cancellation;
      if (cancelled) return this.#cancelled(by, fault, made);
      // Who was taken down or removed meanwhile is not asked again.
      if (this.#closed.cancelled || this.#deps.isDown()) return this.#ended(round, made, "its server is down");
      const ms = Math.max(1, until - now());
      request = { ...request, deadline: { ms, setBy: `what ${setBy} leaves attempt ${made + 1}` } };
    }
  }

  /** What waits for its next attempt gets none. */
  close(): void {
    this.#closed.cancel("The upstream was closed.");
  }

  #on(cause: RetryCause): boolean {
    return this.#deps.options.on.includes(cause);
  }

  #delayMs(made: number, { http }: UpstreamFault): number {
    const { options, random, now } = this.#deps;
    const backoff = backoffDelay({ backoffMs: options.backoffMs, backoffCapMs: BACKOFF_CAP_MS }, made - 1, random);
    return Math.max(backoff, retryAfterMs(http?.retryAfter, now()));
  }

  #ended(round: Round, made: number, why?: string): Round {
    if (made === 1) return round;
    const { log, upstream } = this.#deps;
    if (this.#logged.take()) {
      const code = round.kind === "fault" ? round.fault.code : undefined;
      log.info({ upstream, attempts: made, code, why }, "A request was attempted more than once.");
    }
    return round.kind === "fault" ? attempted(round, made) : round;
  }

  #cancelled(code: UpstreamFault["code"], { executed, upstream }: UpstreamFault, made: number): Round {
    const detail = "Cancelled while it waited for its next attempt.";
    return this.#ended({ kind: "fault", fault: { code, upstream, executed, detail } }, made, "it was cancelled");
  }
}

function attempted({ fault }: FaultRound, made: number): FaultRound {
  return { kind: "fault", fault: { ...fault, detail: `${fault.detail} It was attempted ${made} times.` } };
}

/** By what a fault is named in `retry.on`, if by anything. */
function causeOf({ code, executed, http, ours }: UpstreamFault): RetryCause | undefined {
  if (ours === true) return undefined;
  // A proxy may say so when its server has begun: it does not say that the request has not run.
  if (http?.status === 502 || http?.status === 503 || http?.status === 504) return http.status;
  const never = executed === "no" && (code === "UPSTREAM_UNAVAILABLE" || code === "UPSTREAM_CLOSED");
  return never ? "connect" : undefined;
}

/** What `Retry-After` asks for, in ms: seconds, or a date. RFC 9110 §10.2.3. @throws never */
export function retryAfterMs(value: string | undefined, now: number): number {
  if (value === undefined) return 0;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  // What engines read as dates besides is no date of HTTP: "1.5" is one in January.
  const at = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} /.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? 0 : Math.max(0, at - now);
}

/** Waits so long, or until one of these is cancelled. */
function pause(ms: number, ...ends: readonly Cancellation[]): Promise<void> {
  return new Promise((resolve) => {
    const offs: (() => void)[] = [];
    const done = (): void => {
      clearTimeout(timer);
      for (const off of offs.splice(0)) off();
      resolve();
    };
    const timer = setTimeout(done, ms);
    for (const end of ends) offs.push(end.onCancel(done));
  });
}
