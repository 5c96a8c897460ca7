import type { Log } from "../../core/log.ts";
import type { SigningKey } from "../../core/signing-key.ts";
import type { AuditWriter } from "../../store/audit-rows.ts";
import { type CheckpointReason, checkpointRow, type RecordCounts } from "../../store/record/checkpoint-row.ts";
import type { Anchor } from "./anchor.ts";
import { signCheckpoint } from "./statement.ts";

/** Says at the start, each hour and at the stop how long the record is and how it ends. */
export interface Checkpoints {
  /** Makes the first one, before there is any call, and then one each hour. @throws never */
  start(): Promise<void>;
  /** Makes the last one and waits for the anchors. Call when nothing writes any more. @throws never */
  close(): Promise<void>;
}

/** Times in ms. */
export interface CheckpointTiming {
  readonly everyMs: number;
  /** How soon another try is made where one could not be written. */
  readonly retryMs: number;
}

export interface CheckpointsDeps {
  readonly rows: AuditWriter;
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
  const { everyMs, retryMs }: CheckpointTiming = { everyMs: 3_600_000, retryMs: 60_000, ...deps.timing };
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<unknown> = Promise.resolve();
  let closed = false;

  /** Whether it is on disk. Anchors are told in the background. */
  async function make(reason: CheckpointReason): Promise<boolean> {
    try {
      const at = now();
      const head = await rows.append([checkpointRow(reason, at, await counts())]);
      // Rows are numbered without gaps from 1 on.
      const checkpoint = signCheckpoint({ ...head, rows: head.seq, at, reason }, key);
      log.info({ checkpoint }, "Checkpoint of the audit");
      for (const anchor of anchors) anchor.tell(checkpoint);
      return true;
    } catch (err) {
      log.error({ err, reason }, "A checkpoint of the audit could not be written.");
      return false;
    }
  }

  async function next(reason: CheckpointReason): Promise<void> {
    const made = await make(reason);
    if (closed) return;
    timer = setTimeout(
      () => {
        working = next(made ? "hourly" : reason);
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
