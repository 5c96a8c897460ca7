import type { KeyedHash } from "../core/keyed-hash.ts";
import type { Log } from "../core/log.ts";
import { personKey } from "../core/principal.ts";
import type { Seal } from "../core/seal.ts";
import type { AuditRow } from "../store/audit/audit-row.ts";
import type { AuditWriter } from "../store/audit/audit-rows.ts";
import type { Audit } from "./audit.ts";
import { type ArgumentsMode, createRowEncoder } from "./encode-row.ts";
import { OpeningShares } from "./opening-shares.ts";

/** Bounds of what waits in memory. */
export interface AuditLimits {
  /** Rows waiting; an opening beyond, or beyond its principal's share, is refused. Default 10,000. */
  readonly maxRows: number;
  /** Characters of arguments waiting; the same. Default 64 Mi. */
  readonly maxChars: number;
  /** Closings kept for another try while the store cannot be written; one beyond is counted as lost. Default 20,000. */
  readonly maxClosings: number;
}

export interface AuditDeps {
  readonly rows: AuditWriter;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly log: Log;
  readonly arguments: ArgumentsMode;
  readonly seal: Seal;
  /** Digests the canonical JSON of arguments; of the purpose `ARGUMENTS_DIGEST`. */
  readonly digest: KeyedHash;
  readonly limits?: Partial<AuditLimits>;
}

interface Waiting {
  readonly row: AuditRow;
  /** `personKey` of whose opening this is; `undefined` for what has happened already. */
  readonly holder: string | undefined;
  readonly chars: number;
  /** Answers an opening; closings wait for nobody. */
  readonly settle: ((written: boolean) => void) | undefined;
}

const BATCH_ROWS = 512;
/** A transaction holds the event loop: one of so many characters of arguments takes a few ms. A single row may have more. */
const BATCH_CHARS = 1024 * 1024;
/** Nobody waits for a closing row: it goes with the next call's opening, or after so long (ms), or with so many others. */
const CLOSING_WAITS_MS = 20;
const CLOSINGS_AT_ONCE = 64;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
const LOG_EVERY_MS = 10_000;

/**
 * The audit over the store's table. Rows of one event-loop turn are written in one transaction, from `setImmediate`:
 * a busy gateway pays for a commit once per turn, an idle one waits for nothing.
 * Long because its queue, its batches and their retries are one state, which every one of its small functions changes.
 */
export function createAudit(deps: AuditDeps): Audit {
  const limits: AuditLimits = { maxRows: 10_000, maxChars: 64 * 1024 * 1024, maxClosings: 20_000, ...deps.limits };
  const encoder = createRowEncoder(deps);
  const troubles = createTroubles(deps);
  const queue: Waiting[] = [];
  const shares = new OpeningShares({ rows: limits.maxRows, chars: limits.maxChars });
  // Closings of batches that failed: their calls have happened, so they are tried until they are written.
  let retained: AuditRow[] = [];
  let scheduled = false;
  let writing: Promise<boolean> | undefined;
  let retryMs = FIRST_RETRY_MS;
  let retryTimer: NodeJS.Timeout | undefined;
  let closingTimer: NodeJS.Timeout | undefined;

  function enqueue(waiting: Waiting): void {
    queue.push(waiting);
    if (waiting.holder !== undefined) shares.add(waiting.holder, waiting.chars);
    if (waiting.settle !== undefined || queue.length >= CLOSINGS_AT_ONCE) schedule();
    else closingTimer ??= setTimeout(onClosingsWaited, CLOSING_WAITS_MS);
  }

  function onClosingsWaited(): void {
    closingTimer = undefined;
    if (queue.length > 0) schedule();
  }

  function schedule(): void {
    if (scheduled || writing !== undefined) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      // `flush` may have been here first.
      if (writing === undefined && queue.length + retained.length > 0) void writeBatch();
    });
  }

  function writeBatch(): Promise<boolean> {
    const batch = nextBatch();
    const again = retained.splice(0, BATCH_ROWS);
    const done = deps.rows.append([...again, ...batch.map((waiting) => waiting.row)]).then(
      () => settle(batch, again, true, undefined),
      (err: unknown) => settle(batch, again, false, err),
    );
    writing = done;
    return done;
  }

  function nextBatch(): readonly Waiting[] {
    let rows = 0;
    let chars = 0;
    for (const waiting of queue) {
      chars += waiting.chars;
      if (rows === BATCH_ROWS || (rows > 0 && chars > BATCH_CHARS)) break;
      rows++;
    }
    const batch = queue.splice(0, rows);
    for (const { holder, chars } of batch) if (holder !== undefined) shares.remove(holder, chars);
    return batch;
  }

  function settle(batch: readonly Waiting[], again: readonly AuditRow[], written: boolean, err: unknown): boolean {
    writing = undefined;
    if (written) {
      retryMs = FIRST_RETRY_MS;
      troubles.over();
    } else {
      const openings = batch.filter((waiting) => waiting.settle !== undefined).length;
      const closings = batch.filter((waiting) => waiting.settle === undefined).map((waiting) => waiting.row);
      const kept = [...again, ...retained, ...closings];
      retained = kept.slice(0, limits.maxClosings);
      troubles.failed({ err, refused: openings, lost: kept.length - retained.length });
      retryLater();
    }
    for (const waiting of batch) waiting.settle?.(written);
    if (queue.length > 0 || (written && retained.length > 0)) schedule();
    return written;
  }

  /** Where no call comes that would make a new batch, what is retained is still tried again. */
  function retryLater(): void {
    if (retryTimer !== undefined || retained.length === 0) return;
    retryTimer = setTimeout(() => {
      retryTimer = undefined;
      schedule();
    }, retryMs);
    retryTimer.unref();
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  }

  /** Whether there is no room for a row about what has happened already: one more is lost then. */
  function full(): boolean {
    if (queue.length + retained.length < limits.maxRows + limits.maxClosings) return false;
    troubles.failed({ err: undefined, refused: 0, lost: 1 });
    return true;
  }

  return {
    async open(opening) {
      const holder = personKey(opening.principal);
      if (!shares.mayOpen(holder)) {
        troubles.failed({ err: undefined, refused: 1, lost: 0 });
        return false;
      }
      let row: AuditRow;
      try {
        row = encoder.opening(opening);
      } catch (err) {
        troubles.failed({ err, refused: 1, lost: 0 });
        return false;
      }
      const chars = sizeOf(row);
      return new Promise<boolean>((settle) => enqueue({ row, holder, chars, settle }));
    },
    close(closing) {
      if (full()) return;
      enqueue({ row: encoder.closing(closing), holder: undefined, chars: 0, settle: undefined });
    },
    record(act) {
      if (full()) return;
      enqueue({ row: encoder.act(act), holder: undefined, chars: 0, settle: undefined });
    },
    async flush() {
      while (queue.length > 0 || retained.length > 0 || writing !== undefined) {
        const written = await (writing ?? writeBatch());
        if (!written && queue.length === 0) break;
      }
      clearTimeout(retryTimer);
      clearTimeout(closingTimer);
      retryTimer = undefined;
      closingTimer = undefined;
      if (retained.length > 0) {
        deps.log.error(
          { closings: retained.length },
          "The audit ends without these closing rows: they cannot be written.",
        );
      }
    },
  };
}

function sizeOf(row: AuditRow): number {
  return (row.argumentsRedacted?.length ?? 0) + (row.argumentsSealed?.length ?? 0) + (row.argumentsFull?.length ?? 0);
}

interface Failure {
  readonly err: unknown;
  readonly refused: number;
  readonly lost: number;
}

/** Says when the audit cannot be written, how many calls that cost, and when it is over; not once per call. */
function createTroubles(deps: { readonly now: () => number; readonly log: Log }) {
  let since: number | undefined;
  let saidAt = 0;
  let refused = 0;
  let lost = 0;
  return {
    failed(failure: Failure): void {
      const now = deps.now();
      refused += failure.refused;
      lost += failure.lost;
      const first = since === undefined;
      since ??= now;
      if (!first && now - saidAt < LOG_EVERY_MS) return;
      saidAt = now;
      const fields = { ...(failure.err === undefined ? {} : { err: failure.err }), refused, lost };
      deps.log.error(fields, "The audit cannot be written. Calls are refused until it can.");
    },
    over(): void {
      if (since === undefined) return;
      deps.log.info({ refused, lost, forMs: deps.now() - since }, "The audit is written again.");
      since = undefined;
      refused = 0;
      lost = 0;
    },
  };
}
