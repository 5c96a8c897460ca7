import type { Log } from "../../core/log.ts";
import type { SignedCheckpoint } from "./statement.ts";

/** What came of telling an anchor. `error` is for operators: no secrets, nothing that a receiver said. */
export type Anchored = { readonly ok: true } | { readonly ok: false; readonly error: string };

/** A place outside the database that is told of checkpoints. */
export interface Anchor {
  /** Tells it in the background. Of several that wait only the newest goes: it says all that those before it did. */
  report(checkpoint: SignedCheckpoint): void;
  /** Resolves once what was told is there, or after the last attempt, which gets some seconds. */
  close(): Promise<void>;
}

export interface AnchorOptions {
  /** For the log: `file` or `webhook`. */
  readonly name: string;
  /** Tells it once, until `signal` cuts that off. @throws never */
  readonly send: (checkpoint: SignedCheckpoint, signal: AbortSignal) => Promise<Anchored>;
  readonly log: Log;
  readonly timing?: Partial<AnchorTiming>;
}

/** Times in ms, and a bound. */
export interface AnchorTiming {
  /** After so long an attempt is cut off. */
  readonly attemptMs: number;
  /** The pause after the first attempt that failed; it doubles. */
  readonly pauseMs: number;
  /** Attempts with one checkpoint; with the next one they begin anew. */
  readonly attempts: number;
  /** How long the last attempt has. */
  readonly closeMs: number;
}

const TIMING: AnchorTiming = { attemptMs: 10_000, pauseMs: 5_000, attempts: 9, closeMs: 3_000 };

/** Makes the way to one anchor. */
export function createAnchor({ name, send, log, timing: given }: AnchorOptions): Anchor {
  const timing = { ...TIMING, ...given };
  let waiting: SignedCheckpoint | undefined;
  let attempts = 0;
  let sending: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function attempt(ms: number): Promise<void> {
    const checkpoint = waiting;
    if (checkpoint === undefined) return;
    attempts += 1;
    const sent = await send(checkpoint, AbortSignal.timeout(ms));
    if (waiting !== checkpoint) return;
    if (sent.ok) {
      if (attempts > 1)
        log.info({ anchor: name, seq: checkpoint.seq }, "A checkpoint of the audit is anchored at last.");
      waiting = undefined;
      return;
    }
    const given = closed || attempts >= timing.attempts;
    const line = { anchor: name, seq: checkpoint.seq, attempts, error: sent.error };
    if (given) log.error(line, "A checkpoint of the audit is not anchored. The next one is tried in its place.");
    else log.warn(line, "A checkpoint of the audit could not be anchored; it is tried again.");
  }

  function go(): void {
    clearTimeout(timer);
    sending ??= attempt(timing.attemptMs).finally(() => {
      sending = undefined;
      if (closed || waiting === undefined) return;
      // A newer one came meanwhile.
      if (attempts === 0) go();
      else if (attempts < timing.attempts) later(timing.pauseMs * 2 ** (attempts - 1));
    });
  }

  function later(ms: number): void {
    timer = setTimeout(go, ms);
    timer.unref();
  }

  return {
    report(checkpoint) {
      waiting = checkpoint;
      attempts = 0;
      if (!closed) go();
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await sending;
      await attempt(timing.closeMs);
    },
  };
}
