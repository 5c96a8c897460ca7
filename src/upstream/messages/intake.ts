import { JSON_LIMITS } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";
import type { JsonLimits } from "../../core/scan-json.ts";
import { Allowance } from "../waiting/allowance.ts";
import { createFlood, LOGGED } from "../waiting/flood.ts";
import { type Incoming, partsOf, readIncoming, type Unreadable } from "./response-envelope.ts";
import { wordsIn } from "./said.ts";

/** Where everything that one upstream says comes in: read within bounds, and with an owner for every fault. */
export interface Intake {
  readonly upstream: string;
  /** What nobody asked for, over all connections. */
  readonly allowance: Allowance;
  /** Reads one message. @throws never */
  read(bytes: Buffer): Incoming | Unreadable;
  /** The messages of a list, or the one that it is. @throws never */
  parts(bytes: Buffer): readonly Buffer[];
  /**
   * Runs what handles something that came from the upstream. A fault in it is the upstream's: it is logged with its
   * name, `end` has to end the connection that it came over, and nobody else hears of it. @throws never
   */
  guard(work: () => void, end: () => void): void;
  /** What a body says that is no message, in a line; `undefined`: nothing that may be shown. @throws never */
  words(body: Buffer): string | undefined;
  /** Logs that it says more than is read at once. */
  slowed(): void;
  /** Logs what came instead of the answer to a request. */
  unanswered(detail: string): void;
  /** Holds a promise that nobody waits for. */
  own(work: Promise<unknown>): void;
  /** `setTimeout` with an owner. */
  later(work: () => void, ms: number): NodeJS.Timeout;
}

export interface IntakeOptions {
  readonly upstream: string;
  readonly log: Log;
  /** Default: `JSON_LIMITS`. */
  readonly limits?: JsonLimits | undefined;
  /** ms since the epoch. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Takes out of a text what is secret. Default: nothing. */
  readonly mask?: ((text: string) => string) | undefined;
  /** Something failed: drops what there is of the upstream, and counts it like a lost connection. */
  readonly onFault: (detail: string) => void;
}

/** What operators read of such a fault; the log has the rest. */
const DETAIL = "The gateway failed at something that it sent; its log has the trace.";

/** Makes the intake of one upstream. */
export function createIntake(options: IntakeOptions): Intake {
  const { upstream, log, limits = JSON_LIMITS, onFault } = options;
  const now = options.now ?? Date.now;
  const logged = createFlood(now, LOGGED);
  const answers = createFlood(now, LOGGED);
  const fault = (err: unknown): void => {
    log.error({ upstream, err }, "Handling what an upstream sent failed; its connections are dropped.");
    try {
      onFault(DETAIL);
    } catch (error) {
      log.error({ upstream, err: error }, "Dropping an upstream's connections failed.");
    }
  };
  const guard = (work: () => void, end: () => void): void => {
    try {
      work();
    } catch (err) {
      try {
        end();
      } catch (error) {
        log.error({ upstream, err: error }, "Ending an upstream's connection failed.");
      }
      fault(err);
    }
  };
  const later = (work: () => void, ms: number): NodeJS.Timeout => setTimeout(guard, ms, work, nothing);
  return {
    upstream,
    allowance: new Allowance(now, later),
    read: (bytes) => readIncoming(bytes, limits),
    parts: (bytes) => partsOf(bytes, limits),
    guard,
    words: (body) => wordsIn(body, options.mask ?? ((text) => text)),
    slowed() {
      if (logged.take()) log.info({ upstream }, "An upstream says more than is read at once; it is read more slowly.");
    },
    unanswered(detail) {
      if (answers.take()) log.warn({ upstream, detail }, "An upstream answered a request with what is no answer.");
    },
    own: (work) => void work.catch(fault),
    later,
  };
}

function nothing(): void {}
