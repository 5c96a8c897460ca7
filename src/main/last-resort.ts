import type { Log } from "../core/log.ts";
import { createFlood } from "../upstream/waiting/flood.ts";

/** What is done about faults that nobody caught. See `docs/decisions/007-faults-that-nobody-caught.md`. */
export interface LastResort {
  /** Resolves when there were more faults than a gateway may go on after: it has to end, in order. */
  readonly beyond: Promise<void>;
  /** Hears no more. */
  close(): void;
}

/** Faults that the process outlives at once; one more every ten minutes. */
const OUTLIVED = { burst: 5, perSecond: 1 / 600 };

/**
 * Hears of every exception and rejection of this process that nobody caught. None of them can be laid at one upstream's
 * door: what can is caught where its bytes come in (`upstream/messages/intake.ts`), which names it and drops it.
 */
export function catchFaults(deps: { readonly log: Log; readonly now: () => number }): LastResort {
  const { log, now } = deps;
  const allowance = createFlood(now, OUTLIVED);
  let ends = (): void => {};
  const beyond = new Promise<void>((resolve) => {
    ends = resolve;
  });
  const heard = (kind: "exception" | "rejection", err: unknown): void => {
    const goesOn = allowance.take();
    const message = goesOn
      ? "A fault that nobody caught: whatever it was part of is given up, everything else goes on. Please report it."
      : "Too many faults that nobody caught: the gateway ends in order. Please report them.";
    log.error({ err, kind }, message);
    if (!goesOn) ends();
  };
  const onException = (err: unknown): void => heard("exception", err);
  const onRejection = (err: unknown): void => heard("rejection", err);
  process.on("uncaughtException", onException);
  process.on("unhandledRejection", onRejection);
  return {
    beyond,
    close() {
      process.off("uncaughtException", onException);
      process.off("unhandledRejection", onRejection);
    },
  };
}
