import { and, count, desc, eq, gt, inArray, isNull, lte, ne, type SQL, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import type { Guarded } from "./guarded.ts";
import type { ChallengeRecord, ElevationRecord, OpenedChallenge, StepUpBinding, StepUpStore } from "./step-up.ts";
import { stepUpChallenges as challenges, elevations } from "./step-up-schema.ts";
import { type StoredIn, stringListsIn, stringsIn } from "./stored-json.ts";

export interface StepUpStoreDeps {
  readonly db: BetterSQLite3Database;
  readonly guarded: Guarded;
  readonly onCommit: () => void;
}

/** How long a challenge that has ended is still known, so that its page can say what became of it. */
const KEPT_MS = 3_600_000;

/** So many old rows leave with each new one at most. */
const PURGED_AT_ONCE = 100;

// Written out, not bound: only so does SQLite see that the partial indices serve.
const OPEN: SQL = sql`${challenges.state} = 'open'`;

/** Keeps challenges and elevations in their tables. */
export function createStepUpStore({ db, guarded, onCommit }: StepUpStoreDeps): StepUpStore {
  async function immediately<T>(work: () => T): Promise<T> {
    const done = await guarded(() => db.transaction(work, { behavior: "immediate" }));
    onCommit();
    return done;
  }

  function purge(now: number): void {
    const old = db
      .select({ id: challenges.id })
      .from(challenges)
      .where(lte(challenges.expiresAt, now - KEPT_MS))
      .limit(PURGED_AT_ONCE);
    db.delete(challenges).where(inArray(challenges.id, old)).run();
    const past = db
      .select({ id: elevations.id })
      .from(elevations)
      .where(lte(elevations.expiresAt, now))
      .limit(PURGED_AT_ONCE);
    db.delete(elevations).where(inArray(elevations.id, past)).run();
  }

  function openNow(challenge: ChallengeRecord, max: number): OpenedChallenge {
    const { key, issuer, subject, createdAt: now } = challenge;
    purge(now);
    db.update(challenges)
      .set({ state: "failed", attemptHash: null })
      .where(and(eq(challenges.key, key), OPEN, lte(challenges.expiresAt, now)))
      .run();
    const same = db
      .select()
      .from(challenges)
      .where(and(eq(challenges.key, key), OPEN))
      .get();
    if (same !== undefined) return { kind: "joined", challenge: challengeOf(same) };
    // Those that failed count until their time is over, or whoever fails on purpose could have any number.
    const unmet = and(ne(challenges.state, "met"), gt(challenges.expiresAt, now));
    const mine = and(eq(challenges.iss, issuer), eq(challenges.sub, subject), unmet);
    const waiting = db.select({ number: count() }).from(challenges).where(mine).get();
    if ((waiting?.number ?? 0) >= max) return { kind: "too_many" };
    db.insert(challenges).values(challengeRow(challenge)).run();
    return { kind: "opened", challenge };
  }

  function meetNow(elevation: ElevationRecord): boolean {
    const met = db
      .update(challenges)
      .set({ state: "met", attemptHash: null })
      .where(live(elevation.challengeId, elevation.createdAt))
      .run();
    if (met.changes !== 1) return false;
    db.insert(elevations).values(elevationRow(elevation)).run();
    return true;
  }

  return {
    open: (challenge, max) => immediately(() => openNow(challenge, max)),
    async find(id) {
      const row = await guarded(() => db.select().from(challenges).where(eq(challenges.id, id)).get());
      return row === undefined ? undefined : challengeOf(row);
    },
    async states(ids) {
      const columns = { id: challenges.id, state: challenges.state };
      const rows = await guarded(() =>
        db
          .select(columns)
          .from(challenges)
          .where(inArray(challenges.id, [...ids]))
          .all(),
      );
      return new Map(rows.map((row) => [row.id, row.state]));
    },
    async begin(id, attemptHash, now) {
      const begun = await immediately(() => db.update(challenges).set({ attemptHash }).where(live(id, now)).run());
      return begun.changes === 1;
    },
    async take(id, attemptHash, now) {
      const mine = and(live(id, now), eq(challenges.attemptHash, attemptHash));
      const taken = await immediately(() => db.update(challenges).set({ attemptHash: null }).where(mine).run());
      return taken.changes === 1;
    },
    async fail(id, max) {
      const failures = sql`${challenges.failures} + 1`;
      const state = sql`CASE WHEN ${failures} >= ${max} THEN 'failed' ELSE 'open' END`;
      await immediately(() =>
        db
          .update(challenges)
          .set({ failures, state })
          .where(and(eq(challenges.id, id), OPEN))
          .run(),
      );
    },
    meet: (elevation) => immediately(() => meetNow(elevation)),
    async elevations(binding, now) {
      const rows = await guarded(() =>
        db
          .select()
          .from(elevations)
          .where(and(isFor(binding), gt(elevations.expiresAt, now), isNull(elevations.spentAt)))
          .orderBy(desc(elevations.createdAt))
          .limit(10)
          .all(),
      );
      return rows.map(elevationOf);
    },
    async spend(id, now) {
      const alive = and(gt(elevations.expiresAt, now), isNull(elevations.spentAt), eq(elevations.per, "call"));
      const spent = await immediately(() =>
        db
          .update(elevations)
          .set({ spentAt: now })
          .where(and(eq(elevations.id, id), alive))
          .run(),
      );
      return spent.changes === 1;
    },
  };
}

function live(id: string, now: number): SQL | undefined {
  return and(eq(challenges.id, id), OPEN, gt(challenges.expiresAt, now));
}

function isFor({ issuer, subject, clientId, per, target }: StepUpBinding): SQL | undefined {
  return and(
    eq(elevations.iss, issuer),
    eq(elevations.sub, subject),
    clientId === undefined ? isNull(elevations.clientId) : eq(elevations.clientId, clientId),
    eq(elevations.per, per),
    eq(elevations.target, target),
  );
}

function challengeRow(challenge: ChallengeRecord): typeof challenges.$inferInsert {
  const { issuer, subject, acr, amr, ...same } = challenge;
  return { ...same, iss: issuer, sub: subject, acr: JSON.stringify(acr), amr: JSON.stringify(amr) };
}

function challengeOf(row: typeof challenges.$inferSelect): ChallengeRecord {
  const { iss, sub, attemptHash: _, ...same } = row;
  return {
    ...same,
    issuer: iss,
    subject: sub,
    clientId: row.clientId ?? undefined,
    acr: stringListsIn(row.acr, column("step_up_challenges", "acr")),
    amr: stringListsIn(row.amr, column("step_up_challenges", "amr")),
    maxAgeMs: row.maxAgeMs ?? undefined,
  };
}

function elevationRow(elevation: ElevationRecord): typeof elevations.$inferInsert {
  const { issuer, subject, amr, ...same } = elevation;
  return { ...same, iss: issuer, sub: subject, amr: JSON.stringify(amr) };
}

function elevationOf(row: typeof elevations.$inferSelect): ElevationRecord {
  const { iss, sub, spentAt: _, ...same } = row;
  return {
    ...same,
    issuer: iss,
    subject: sub,
    clientId: row.clientId ?? undefined,
    acr: row.acr ?? undefined,
    amr: stringsIn(row.amr, column("elevations", "amr")),
  };
}

function column(table: string, name: string): StoredIn {
  return { table, column: name };
}
