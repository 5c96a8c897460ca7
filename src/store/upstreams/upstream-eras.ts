import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { boundedColumns } from "../database/bounded.ts";
import type { Guarded } from "../database/guarded.ts";
import { createReadableRows } from "../database/readable-rows.ts";
import { upstreamEras } from "./schema.ts";

/** In which era of the protocol a server answered. */
export interface UpstreamEra {
  readonly upstream: string;
  /** What stood behind the name: another command is another server. */
  readonly place: string;
  readonly era: "legacy" | "modern";
  /** ms since the epoch. */
  readonly learnedAt: number;
}

/** Remembers eras, so that no program is started only to find out. */
export interface UpstreamEraStore {
  /** @throws StoreError */
  all(): Promise<readonly UpstreamEra[]>;
  /** One per name. @throws StoreError */
  put(era: UpstreamEra): Promise<void>;
}

const readableRows = createReadableRows(upstreamEras);
const COLUMNS = boundedColumns(upstreamEras);

export function createUpstreamEraStore(deps: {
  readonly db: BetterSQLite3Database;
  readonly guarded: Guarded;
  readonly onCommit: () => void;
}): UpstreamEraStore {
  const { db, guarded, onCommit } = deps;
  return {
    all: () => guarded(() => db.select(COLUMNS).from(upstreamEras).all().filter(readableRows.fits)),
    async put({ upstream, place, era, learnedAt }) {
      const row = { place, era, learnedAt };
      await guarded(() =>
        db
          .insert(upstreamEras)
          .values({ upstream, ...row })
          .onConflictDoUpdate({ target: upstreamEras.upstream, set: row })
          .run(),
      );
      onCommit();
    },
  };
}
