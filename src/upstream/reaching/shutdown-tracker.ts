import { doneWithin } from "../../core/deadline.ts";
import type { Log } from "../../core/log.ts";
import { OpenChannels } from "../link/channels.ts";

/** What of an upstream ends on its own, and has to have ended before a shutdown is complete. */
export class ShutdownTracker {
  /** Ends each open message channel, so that no child is ever left behind; `channels.ts` keeps it up to date. */
  readonly channels = new OpenChannels();
  readonly #upstream: string;
  readonly #log: Log;
  readonly #pending = new Set<Promise<void>>();

  constructor(upstream: string, log: Log) {
    this.#upstream = upstream;
    this.#log = log;
  }

  /** Has something waited for; its failure is logged. */
  track(shutdown: Promise<void>): void {
    const tracked = shutdown
      .catch((err: unknown) => this.#log.error({ upstream: this.#upstream, err }, "Closing a connection failed."))
      .finally(() => this.#pending.delete(tracked));
    this.#pending.add(tracked);
  }

  /** Gives `attempt` up to `ms` to end, then ends every channel that is open. */
  async settle(attempt: Promise<void> | undefined, ms: number): Promise<void> {
    await doneWithin(ms, attempt);
    this.channels.over = true;
    // One may have opened meanwhile.
    while (this.channels.size > 0) await Promise.all([...this.channels].map((end) => end()));
  }

  /** Resolves when all that was tracked has ended. */
  async done(): Promise<void> {
    await Promise.all(this.#pending);
  }
}
