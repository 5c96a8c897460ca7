import type Database from "better-sqlite3";
import { getTableName } from "drizzle-orm";
import { RateLimiterSQLite } from "rate-limiter-flexible";
import { sha256 } from "../../core/digest.ts";
import type { DatabaseFile } from "../database/database-file.ts";
import { whileBusy } from "../database/while-busy.ts";
import { asStoreError } from "../store-error.ts";
import type { RateLimits, RateLimitUse, RateLimitVerdict } from "./rate-limits.ts";
import { rateLimits } from "./schema.ts";

export interface RateLimitDeps {
  /** A connection that nothing else uses: its transactions span several steps of the event loop's microtasks. */
  readonly connection: Database.Database;
  /** Names the database in errors. */
  readonly what: string;
  /** How long a call may wait for its turn and for another process's lock, ms. */
  readonly lockWaitMs: number;
  readonly onCommit: () => void;
  readonly file: DatabaseFile;
}

/** Rate limits that can be waited for. */
export interface ClosingRateLimits extends RateLimits {
  /** Resolves once what was begun is done. */
  idle(): Promise<void>;
}

const TABLE = getTableName(rateLimits);

/** So many draws are followed by a look for rows whose window is over; it removes up to twice as many. */
const DRAWS_PER_SWEEP = 64;

/** What the sum of many fractions may be off by, in parts of the limit: ten times 0.1 is within a budget of 1. */
const ROUNDING = 1e-12;

/**
 * Keeps budgets in the `rate_limits` table with `rate-limiter-flexible`.
 *
 * The library's counting is one atomic statement, but a call may draw on several budgets and must take from none when
 * one is exceeded. Its own way back, to give the points again, is another statement: calls in between see a budget that
 * is used up though it is not, and past the window's end it would open the next one with points to spare. So all draws
 * of a call stand in one transaction of ours, into which the library's nests, and a refused call is rolled back. The
 * library waits for nothing but promises that are settled already: the lock is held for no longer than one turn of the
 * event loop.
 */
export function createRateLimits(deps: RateLimitDeps): ClosingRateLimits {
  const { connection, what, file } = deps;
  // Its points and its duration are given with every draw. Its timer against old rows stays off: it removes any number
  // of them at once, and a lock that it meets would end the process.
  const counters = new RateLimiterSQLite({
    storeClient: connection,
    storeType: "better-sqlite3",
    tableName: TABLE,
    tableCreated: true,
    keyPrefix: "",
    points: 0,
    duration: 0,
    clearExpiredByTimeout: false,
  });
  const begin = connection.prepare("BEGIN IMMEDIATE");
  const commit = connection.prepare("COMMIT");
  const rollback = connection.prepare("ROLLBACK");
  const sweep = connection.prepare(
    `DELETE FROM ${TABLE} WHERE rowid IN (SELECT rowid FROM ${TABLE} WHERE expire <= ? LIMIT ?)`,
  );
  // A window ends so long after it began.
  const give = connection.prepare(
    `UPDATE ${TABLE} SET points = max(0, points - ?) WHERE key = ? AND expire > ? AND expire <= ?`,
  );
  let last: Promise<unknown> = Promise.resolve();
  let drawn = 0;

  async function draw(uses: readonly RateLimitUse[]): Promise<RateLimitVerdict> {
    for (const [index, use] of uses.entries()) {
      // Also what is no number at all, which the library would count as anything.
      if (!(use.cost >= 0 && use.cost <= use.limit)) return { ok: false, index, retryAfterMs: use.windowMs };
      if (use.cost === 0) continue;
      const spent = await counters.penalty(keyOf(use), use.cost, { customDuration: use.windowMs / 1000 });
      drawn += 1;
      if (spent.consumedPoints - use.limit > use.limit * ROUNDING) {
        return { ok: false, index, retryAfterMs: Math.max(1, Math.ceil(spent.msBeforeNext)) };
      }
    }
    if (drawn >= DRAWS_PER_SWEEP) {
      sweep.run(Date.now(), drawn * 2);
      drawn = 0;
    }
    return { ok: true };
  }

  /** Does it in one transaction, which is kept where it came to something. */
  async function atOnce(since: number, work: () => Promise<RateLimitVerdict>): Promise<RateLimitVerdict> {
    try {
      file.before();
      await whileBusy(deps.lockWaitMs - (performance.now() - since), () => begin.run());
      const verdict = await work();
      (verdict.ok ? commit : rollback).run();
      file.after();
      if (verdict.ok) deps.onCommit();
      return verdict;
    } catch (err) {
      if (connection.inTransaction) rollback.run();
      throw asStoreError(err, what);
    }
  }

  /** One after the other: the connection has one transaction. */
  function inTurn(work: () => Promise<RateLimitVerdict>): Promise<RateLimitVerdict> {
    const since = performance.now();
    const turn = last.then(() => atOnce(since, work));
    last = turn.catch(() => {
      // Its own caller hears of it; the next one has its own chance.
    });
    return turn;
  }

  return {
    async use(uses) {
      if (uses.every((use) => use.cost === 0)) return { ok: true };
      return inTurn(() => draw(uses));
    },
    async giveBack(uses, drawnAt) {
      await inTurn(async () => {
        for (const use of uses) give.run(use.cost, keyOf(use), Date.now(), drawnAt + use.windowMs);
        return { ok: true };
      });
    },
    async idle() {
      await last;
    },
  };
}

/** Limit and window belong to the key: after a change of a policy its old counters mean nothing. */
function keyOf({ counter, limit, windowMs }: RateLimitUse): string {
  return sha256(JSON.stringify([counter, limit, windowMs]));
}
