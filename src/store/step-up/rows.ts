import { and, count, desc, eq, gt, inArray, isNull, lte, ne, type SQL, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import type { KeyedHash } from "../../core/keyed-hash.ts";
import { boundedColumns } from "../database/bounded.ts";
import type { Guarded } from "../database/guarded.ts";
import { createRowSeals, type OnForged } from "../database/row-seals.ts";
import { type StoredIn, stringListsIn, stringsIn } from "../database/stored-json.ts";
import { stepUpChallenges as challenges, elevations } from "./schema.ts";
import type { ChallengeRecord, ElevationRecord, OpenedChallenge, StepUpBinding, StepUpStore } from "./step-up.ts";

export interface StepUpStoreDeps {
  readonly db: BetterSQLite3Database;
  readonly guarded: Guarded;
  readonly onCommit: () => void;
  /** The keys of the chain, which seal sign-ins, too: see `row-seals.ts`. */
  readonly keys: readonly [KeyedHash, ...KeyedHash[]];
  readonly onForged: OnForged;
}

type ChallengeRow = typeof challenges.$inferSelect;
type ElevationRow = typeof elevations.$inferSelect;

const CHALLENGE = boundedColumns(challenges);
const ELEVATION = boundedColumns(elevations);

/** How long a challenge that has ended is still known, so that its page can say what became of it. */
const KEPT_MS = 3_600_000;

/** So many old rows leave with each new one at most. */
const PURGED_AT_ONCE = 100;

// Written out, not bound: only so does SQLite see that the partial indices serve.
const OPEN: SQL = sql`${challenges.state} = 'open'`;

/**
 * Keeps challenges and elevations in their tables, sealed: a row that somebody else wrote counts as not there.
 * Long because it is a flat list of transactions over the same two tables.
 */
export function createStepUpStore({ db, guarded, onCommit, keys, onForged }: StepUpStoreDeps): StepUpStore {
  const seal = { keys, onForged, id: ({ id }: { readonly id: string }) => id };
  const challengeSeals = createRowSeals(challenges, seal);
  const elevationSeals = createRowSeals(elevations, seal);

  async function immediately<T>(work: () => T): Promise<T> {
    const done = await guarded(() => db.transaction(work, { behavior: "immediate" }));
    onCommit();
    return done;
  }

  function challengeAt(id: string): ChallengeRow | undefined {
    const row = db.select(CHALLENGE).from(challenges).where(eq(challenges.id, id)).get();
    return row !== undefined && challengeSeals.holds(row) ? row : undefined;
  }

  /** The challenge while it can be met. */
  function liveAt(id: string, now: number): ChallengeRow | undefined {
    const row = challengeAt(id);
    return row?.state === "open" && row.expiresAt > now ? row : undefined;
  }

  /** Changes a challenge that holds. Belongs in the transaction that looked at it. */
  function change(row: ChallengeRow, to: Partial<Pick<ChallengeRow, "state" | "failures" | "attemptHash">>): void {
    const { mac } = challengeSeals.sealed({ ...row, ...to });
    db.update(challenges)
      .set({ ...to, mac })
      .where(eq(challenges.id, row.id))
      .run();
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
    const ofKey = and(eq(challenges.key, key), OPEN);
    const same = db.select(CHALLENGE).from(challenges).where(ofKey).get();
    if (same !== undefined) {
      // What is not the gateway's own keeps the seal that does not fit, and makes room.
      if (!challengeSeals.holds(same)) db.update(challenges).set({ state: "failed" }).where(ofKey).run();
      else if (same.expiresAt > now) return { kind: "joined", challenge: challengeOf(same) };
      else change(same, { state: "failed", attemptHash: null });
    }
    // Those that failed count until their time is over, or whoever fails on purpose could have any number.
    const unmet = and(ne(challenges.state, "met"), gt(challenges.expiresAt, now));
    const mine = and(eq(challenges.iss, issuer), eq(challenges.sub, subject), unmet);
    const waiting = db.select({ number: count() }).from(challenges).where(mine).get();
    if ((waiting?.number ?? 0) >= max) return { kind: "too_many" };
    db.insert(challenges)
      .values(challengeSeals.sealed(challengeRow(challenge)))
      .run();
    return { kind: "opened", challenge };
  }

  function meetNow(elevation: ElevationRecord): boolean {
    const challenge = liveAt(elevation.challengeId, elevation.createdAt);
    if (challenge === undefined) return false;
    change(challenge, { state: "met", attemptHash: null });
    db.insert(elevations)
      .values(elevationSeals.sealed(elevationRow(elevation)))
      .run();
    return true;
  }

  return {
    open: (challenge, max) => immediately(() => openNow(challenge, max)),
    async find(id) {
      const row = await guarded(() => challengeAt(id));
      return row === undefined ? undefined : challengeOf(row);
    },
    // Wakes those who wait, no more: they look by `find` then.
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
    begin: (id, attemptHash, now) =>
      immediately(() => {
        const row = liveAt(id, now);
        if (row !== undefined) change(row, { attemptHash });
        return row !== undefined;
      }),
    take: (id, attemptHash, now) =>
      immediately(() => {
        const row = liveAt(id, now);
        if (row?.attemptHash !== attemptHash) return false;
        change(row, { attemptHash: null });
        return true;
      }),
    fail: (id, max) =>
      immediately(() => {
        const row = challengeAt(id);
        if (row?.state !== "open") return;
        const failures = row.failures + 1;
        change(row, { failures, state: failures >= max ? "failed" : "open" });
      }),
    meet: (elevation) => immediately(() => meetNow(elevation)),
    async elevations(binding, now) {
      const rows = await guarded(() =>
        db
          .select(ELEVATION)
          .from(elevations)
          .where(and(isFor(binding), gt(elevations.expiresAt, now), isNull(elevations.spentAt)))
          .orderBy(desc(elevations.createdAt))
          .limit(10)
          .all(),
      );
      return rows.filter(elevationSeals.holds).map(elevationOf);
    },
    spend: (id, now) =>
      immediately(() => {
        const row = db.select(ELEVATION).from(elevations).where(eq(elevations.id, id)).get();
        if (row === undefined || !elevationSeals.holds(row)) return false;
        if (row.per !== "call" || row.spentAt !== null || row.expiresAt <= now) return false;
        const { mac } = elevationSeals.sealed({ ...row, spentAt: now });
        db.update(elevations).set({ spentAt: now, mac }).where(eq(elevations.id, id)).run();
        return true;
      }),
  };
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

function challengeRow(challenge: ChallengeRecord): ChallengeRow {
  const { issuer, subject, acr, amr, clientId = null, maxAgeMs = null, ...same } = challenge;
  const lists = { acr: JSON.stringify(acr), amr: JSON.stringify(amr) };
  return { ...same, iss: issuer, sub: subject, clientId, ...lists, maxAgeMs, attemptHash: null, mac: null };
}

function challengeOf(row: ChallengeRow): ChallengeRecord {
  const { iss, sub, attemptHash: _, mac: __, ...same } = row;
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

function elevationRow(elevation: ElevationRecord): ElevationRow {
  const { issuer, subject, clientId = null, acr = null, amr, ...same } = elevation;
  return { ...same, iss: issuer, sub: subject, clientId, acr, amr: JSON.stringify(amr), spentAt: null, mac: null };
}

function elevationOf(row: ElevationRow): ElevationRecord {
  const { iss, sub, spentAt: _, mac: __, ...same } = row;
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
