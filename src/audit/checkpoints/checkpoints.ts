import type { Log } from "../../core/log.ts";
import type { SigningKey } from "../../core/signing-key.ts";
import type { AuditReader, AuditWriter } from "../../store/audit/audit-rows.ts";
import { type CheckpointReason, checkpointRow, type RecordCounts } from "../../store/audit/checkpoint-row.ts";
import type { Anchor } from "./anchor.ts";
import { signCheckpoint } from "./statement.ts";

/** Says at the start, every ten minutes in which something was written, each hour, and at the stop how long the record is and how it ends. */
export interface Checkpoints {
  /** Makes the first one, before there is any call, and then the regular ones. @throws never */
  start(): Promise<void>;
  /** Makes the last one and waits for the anchors. Call when nothing writes any more. @throws never */
  close(): Promise<void>;
}

/** Times in ms. */
export interface CheckpointTiming {
  readonly everyMs: number;
  /** How long nothing is said while nothing is written. */
  readonly idleMs: number;
  /** How soon another try is made where one could not be written. */
  readonly retryMs: number;
}

export interface CheckpointsDeps {
  readonly rows: AuditWriter & Pick<AuditReader, "head">;
  readonly counts: () => Promise<RecordCounts>;
  readonly key: SigningKey;
  readonly anchors: readonly Anchor[];
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly timing?: Partial<CheckpointTiming>;
}

/** Makes them for one process. */
export function createCheckpoints(deps: CheckpointsDeps): Checkpoints {
  const { rows, counts, key, anchors, log, now } = deps;
  const { everyMs, idleMs, retryMs }: CheckpointTiming = {
    ...{ everyMs: 600_000, idleMs: 3_600_000, retryMs: 60_000 },
    ...deps.timing,
  };
  /** What was said last. */
  let said: { readonly seq: number; readonly at: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<unknown> = Promise.resolve();
  let closed = false;

  /** Whether it is on disk. Anchors are told in the background. */
  async function make(reason: CheckpointReason): Promise<boolean> {
    try {
      const at = now();
      if (reason === "regular" && (await isIdle(at))) return true;
      const head = await rows.append([checkpointRow(reason, at, await counts())]);
      // Rows are numbered without gaps from 1 on.
      const checkpoint = signCheckpoint({ ...head, rows: head.seq, at, reason }, key);
      said = { seq: head.seq, at };
      log.info({ checkpoint }, "Checkpoint of the audit");
      for (const anchor of anchors) anchor.report(checkpoint);
      return true;
    } catch (err) {
      log.error({ err, reason }, "A checkpoint of the audit could not be written.");
      return false;
    }
  }

  /** Whether there is nothing to say that was not said, and the last time was not long ago. @throws StoreError */
  async function isIdle(at: number): Promise<boolean> {
    return said !== undefined && at - said.at < idleMs && (await rows.head())?.seq === said.seq;
  }

  async function next(reason: CheckpointReason): Promise<void> {
    const made = await make(reason);
    if (closed) return;
    timer = setTimeout(
      () => {
        working = next(made ? "regular" : reason);
      },
      made ? everyMs : retryMs,
    );
    timer.unref();
  }

  return {
    async start() {
      working = next("start");
      await working;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await working;
      await make("stop");
      await Promise.all(anchors.map((anchor) => anchor.close()));
    },
  };
}
