import { and, eq, inArray, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { boundedColumns } from "../database/bounded.ts";
import type { Guarded } from "../database/guarded.ts";
import { createReadableRows } from "../database/readable-rows.ts";
import { uriClaims as rows } from "./schema.ts";

/** A resource, or a template of resources, that a server lists, or listed until `unlistedAt` (ms since the epoch). */
export interface StoredClaim {
  readonly list: "resources" | "resourceTemplates";
  readonly key: string;
  readonly unlistedAt: number | undefined;
}

/** Remembers what servers list, so that no other one gets their URIs when they are not there yet after a start. */
export interface UriClaimStore {
  /** Everything, by upstream, what went longest ago first. @throws StoreError */
  all(): Promise<ReadonlyMap<string, readonly StoredClaim[]>>;
  /** Writes these claims of one list, and deletes those keys: in one transaction. @throws StoreError */
  change(
    upstream: string,
    list: StoredClaim["list"],
    kept: readonly Omit<StoredClaim, "list">[],
    forgotten: readonly string[],
  ): Promise<void>;
  /** Deletes all of an upstream. @throws StoreError */
  forget(upstream: string): Promise<void>;
}

const readableRows = createReadableRows(rows);
const COLUMNS = boundedColumns(rows);

export function createUriClaimStore(deps: {
  readonly db: BetterSQLite3Database;
  readonly guarded: Guarded;
  readonly onCommit: () => void;
}): UriClaimStore {
  const { db, guarded, onCommit } = deps;
  return {
    async all() {
      const found = await guarded(() => db.select(COLUMNS).from(rows).orderBy(rows.unlistedAt).all());
      const claims = new Map<string, StoredClaim[]>();
      for (const { upstream, list, key, unlistedAt } of found.filter(readableRows.fits)) {
        const own = claims.get(upstream) ?? [];
        claims.set(upstream, own);
        own.push({ list, key, unlistedAt: unlistedAt ?? undefined });
      }
      return claims;
    },
    async change(upstream, list, kept, forgotten) {
      const values = kept.map(({ key, unlistedAt = null }) => ({ upstream, list, key, unlistedAt }));
      const target = [rows.upstream, rows.list, rows.key];
      const set = { unlistedAt: sql`excluded.unlisted_at` };
      await guarded(() =>
        db.transaction(
          (tx) => {
            const own = and(eq(rows.upstream, upstream), eq(rows.list, list), inArray(rows.key, [...forgotten]));
            if (forgotten.length > 0) tx.delete(rows).where(own).run();
            if (values.length > 0) tx.insert(rows).values(values).onConflictDoUpdate({ target, set }).run();
          },
          { behavior: "immediate" },
        ),
      );
      onCommit();
    },
    async forget(upstream) {
      await guarded(() => db.delete(rows).where(eq(rows.upstream, upstream)).run());
      onCommit();
    },
  };
}
