import type { Log } from "../../core/log.ts";
import type { Intake } from "../messages/intake.ts";
import type { Unreadable } from "../messages/response-envelope.ts";
import { Throttle } from "../messages/throttle.ts";
import type { MessageChannel } from "../process/message-channel.ts";
import { createFlood, createNoise, type Flood, LOGGED, type Noise } from "../waiting/flood.ts";

/** What is looked at of a line that is no message. */
const NOISE_BYTES = 4_096;

/** What comes over one link and nobody has asked for: how much of it is taken, and what is logged of it. */
export class StrayLines {
  readonly #intake: Intake;
  readonly #log: Log;
  readonly #channel: () => MessageChannel | undefined;
  readonly #noise: Noise;
  readonly #throttle: Throttle;
  readonly #logged: Flood;

  constructor(
    { intake, log, now }: { readonly intake: Intake; readonly log: Log; readonly now: () => number },
    channel: () => MessageChannel | undefined,
  ) {
    this.#intake = intake;
    this.#log = log;
    this.#channel = channel;
    this.#noise = createNoise(now);
    this.#throttle = new Throttle(channel, intake, now);
    this.#logged = createFlood(now, LOGGED);
  }

  /** Counts what is of use, and has the server read more slowly where there is too much of it. */
  slow(message: Buffer): void {
    this.#throttle.take(message);
  }

  /** Counts what is of no use; whether the connection goes on. */
  take(bytes: Buffer): boolean {
    this.#throttle.take(bytes);
    return this.#noise.take(bytes);
  }

  /** Logs what could not be read, with the line itself where it is no message. */
  log(line: Buffer | undefined, code: Unreadable["code"], detail: string): void {
    if (!this.#logged.take()) return;
    const invalid = code === "UPSTREAM_INVALID";
    const what = invalid ? "An upstream wrote a line that is not JSON-RPC." : "An upstream sent more than is taken.";
    const text = invalid ? line?.subarray(0, NOISE_BYTES).toString("utf8") : undefined;
    const stdout = text === undefined ? undefined : this.#channel()?.words?.noise(text);
    this.#log.warn({ upstream: this.#intake.upstream, detail, ...(stdout === undefined ? {} : { stdout }) }, what);
  }
}
