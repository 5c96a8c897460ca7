import { fileURLToPath } from "node:url";
import type Database from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import type { KeyedHash } from "../core/keyed-hash.ts";
import type { Log } from "../core/log.ts";
import type { ActivityStore } from "./activity/activity.ts";
import { createActivityStore } from "./activity/rows.ts";
import { createApprovalStore } from "./approvals/approval-store.ts";
import type { ApprovalStore } from "./approvals/approvals.ts";
import type { Outbox } from "./approvals/outbox.ts";
import { createOutbox } from "./approvals/outbox-rows.ts";
import { APPROVAL_SEALS_MIGRATION, sealOldApprovals } from "./approvals/seals.ts";
import { type ApprovalTail, createApprovalTail } from "./approvals/tail.ts";
import { prepareAppend } from "./audit/append-audit.ts";
import type { AuditReader, AuditRows } from "./audit/audit-rows.ts";
import { beginKeyedSince, KEYED_SINCE_MIGRATION } from "./audit/keyed-since.ts";
import { createAuditReader } from "./audit/read-audit.ts";
import { BACKSTOP_PAGES, createCheckpointer, KEPT_LOG_BYTES } from "./database/checkpointer.ts";
import { type DatabaseFile, NO_FILE, watchDatabaseFile } from "./database/database-file.ts";
import { createGuarded, type Guarded } from "./database/guarded.ts";
import { type OnApplied, openForReading, openForWriting } from "./database/open.ts";
import type { DefinitionReader, DefinitionStore } from "./definitions/definitions.ts";
import { createDefinitionReader, createDefinitionStore } from "./definitions/rows.ts";
import type { RateLimits } from "./rate-limits/rate-limits.ts";
import { createRateLimits } from "./rate-limits/rows.ts";
import { createForgedRows } from "./record/forged-rows.ts";
import { createRecordWitness, type RecordWitness } from "./record/witness.ts";
import { createConsoleSessionStore } from "./sessions/console-session-rows.ts";
import type { ConsoleSessionStore } from "./sessions/console-sessions.ts";
import { createSessionStore } from "./sessions/session-rows.ts";
import type { SessionStore } from "./sessions/sessions.ts";
import { createStepUpStore } from "./step-up/rows.ts";
import type { StepUpStore } from "./step-up/step-up.ts";
import { StoreError } from "./store-error.ts";
import { parseStoreUrl, type StorePlace } from "./store-url.ts";
import { createRegisteredUpstreamStore } from "./upstreams/registered-upstream-rows.ts";
import type { RegisteredUpstreamStore } from "./upstreams/registered-upstreams.ts";
import { createUpstreamEraStore, type UpstreamEraStore } from "./upstreams/upstream-eras.ts";
import { createUriClaimStore, type UriClaimStore } from "./uris/uri-claims.ts";

/** Everything that outlives the process. */
export interface Store {
  readonly sessions: SessionStore;
  readonly audit: AuditRows;
  readonly definitions: DefinitionStore & DefinitionReader;
  readonly rateLimits: RateLimits;
  readonly approvals: ApprovalStore;
  readonly approvalTail: ApprovalTail;
  readonly outbox: Outbox;
  readonly stepUp: StepUpStore;
  readonly activity: ActivityStore;
  readonly registeredUpstreams: RegisteredUpstreamStore;
  readonly upstreamEras: UpstreamEraStore;
  readonly uriClaims: UriClaimStore;
  readonly consoleSessions: ConsoleSessionStore;
  readonly witness: RecordWitness;
  /** Ends the connections. Nothing else may be called afterwards. */
  close(): Promise<void>;
}

/** What commands read of a store beside a running gateway. */
export interface StoreReader {
  readonly audit: AuditReader;
  readonly definitions: DefinitionReader;
  readonly registeredUpstreams: Pick<RegisteredUpstreamStore, "names">;
  readonly witness: RecordWitness;
  close(): void;
}

export interface StoreOptions {
  /** `file:./data/portcullis.db`, `file:///abs/olute.db` or `file::memory:`. */
  readonly url: string;
  readonly log: Log;
  /** Keys the audit's chain and seals what opens something, see `AUDIT_CHAIN`. Without it nothing is sealed or audited. */
  readonly auditHash?: KeyedHash;
  /** The same under secrets of before, the newest first: what was written under them is no forgery, and opens nothing. */
  readonly formerHashes?: readonly KeyedHash[];
  /** Default: the `migrations/` of this package. */
  readonly migrationsDir?: string;
  /** How long an audit batch or a count may wait for another process's lock, ms. Default 2,000. */
  readonly lockWaitMs?: number;
  /** How often it is looked whether the file is still the one that was opened, beside each use of it, ms. Default 2,000. */
  readonly fileEveryMs?: number;
}

/**
 * Opens the store: makes the file where there is none, applies migrations, and is safe to call in two processes at
 * once. @throws StoreError when the file cannot be written, is no database, or belongs to a newer version
 */
export function openStore(options: StoreOptions): Store {
  const place = parseStoreUrl(options.url);
  const what = place.kind === "file" ? place.path : options.url;
  const migrationsDir = options.migrationsDir ?? packagedMigrations();
  const [connection, counters] = openTwo(place, migrationsDir, keyedFrom(options));
  const db = drizzle({ client: connection });
  const { log, fileEveryMs: everyMs = 2_000 } = options;
  const file = place.kind === "file" ? watchDatabaseFile({ path: place.path, connection, log, everyMs }) : NO_FILE;
  const guarded = createGuarded(what, 2_000, file);
  const checkpointer =
    place.kind === "file"
      ? createCheckpointer(place.path, (err) => options.log.warn({ err, path: what }, "A checkpoint failed."))
      : undefined;
  const onCommit = () => checkpointer?.committed();
  const rateLimits = createRateLimits({
    connection: counters,
    what,
    lockWaitMs: options.lockWaitMs ?? 2_000,
    onCommit,
    file,
  });
  const written = createGuarded(what, options.lockWaitMs, file);
  const append = createAppend(connection, onCommit, written, file, options);
  const forged = createForgedRows({ append, log: options.log, now: Date.now });
  const hash = options.auditHash ?? withoutKey;
  const keys = [hash, ...(options.formerHashes ?? [])] as const;
  const sealed = { db, guarded, onCommit, keys, onForged: forged.onForged };
  return {
    sessions: createSessionStore(db, guarded),
    audit: { ...createAuditReader(db, guarded), append },
    definitions: { ...createDefinitionReader(db, guarded), ...createDefinitionStore(db, guarded) },
    rateLimits,
    approvals: createApprovalStore(sealed),
    approvalTail: createApprovalTail(db, guarded),
    outbox: createOutbox(sealed),
    stepUp: createStepUpStore(sealed),
    activity: createActivityStore({ connection, guarded, onCommit }),
    registeredUpstreams: createRegisteredUpstreamStore({ db, guarded, onCommit }),
    upstreamEras: createUpstreamEraStore({ db, guarded, onCommit }),
    uriClaims: createUriClaimStore({ db, guarded, onCommit }),
    consoleSessions: createConsoleSessionStore(db, guarded),
    witness: createRecordWitness(connection, guarded, migrationsDir),
    async close() {
      await rateLimits.idle();
      await forged.settled();
      await checkpointer?.close();
      counters.close();
      connection.close();
      file.close();
    },
  };
}

/** One connection for everything, and one for the counters. In memory these are two databases that share nothing. */
function openTwo(
  place: StorePlace,
  migrationsDir: string,
  onApplied: OnApplied,
): readonly [Database.Database, Database.Database] {
  const first = openWithoutWaiting(place, migrationsDir, onApplied);
  try {
    return [first, openWithoutWaiting(place, migrationsDir, onApplied)];
  } catch (err) {
    first.close();
    throw err;
  }
}

const withoutKey: KeyedHash = () => {
  throw new StoreError(
    "STORE_FAILED",
    "Nothing that opens something can be kept without the key of the audit's chain.",
  );
};

/** What a new schema holds under the key of the chain. Nothing else may write that, or it would hide that it was taken away. */
function keyedFrom({ auditHash, log }: StoreOptions): OnApplied {
  return (db, tags) => {
    if (auditHash === undefined) return;
    if (tags.has(APPROVAL_SEALS_MIGRATION)) sealOldApprovals(drizzle({ client: db }), auditHash);
    if (!tags.has(KEYED_SINCE_MIGRATION)) return;
    const rows = beginKeyedSince(db, auditHash);
    // Once in the life of a database: where it is not the first start of such a version, somebody forged an old one.
    if (rows > 0) log.warn({ rows }, "The first rows of the audit are not keyed: they are taken over as they are.");
  };
}

/** SQLite's own wait for a lock stops the event loop; once the file is open, `while-busy.ts` waits instead. */
function openWithoutWaiting(place: StorePlace, migrationsDir: string, onApplied: OnApplied): Database.Database {
  const connection = openForWriting(place, migrationsDir, onApplied);
  connection.pragma("busy_timeout = 0");
  connection.pragma(`wal_autocheckpoint = ${BACKSTOP_PAGES}`);
  connection.pragma(`journal_size_limit = ${KEPT_LOG_BYTES}`);
  return connection;
}

/**
 * Opens an existing store for reading: makes and changes nothing, also beside a running gateway.
 * @throws StoreError when there is no such file, or it is of another version
 */
export function openStoreReader(options: { readonly url: string; readonly migrationsDir?: string }): StoreReader {
  const place = parseStoreUrl(options.url);
  const migrationsDir = options.migrationsDir ?? packagedMigrations();
  const connection = openForReading(place, migrationsDir);
  const what = place.kind === "file" ? place.path : options.url;
  const db = drizzle({ client: connection });
  const guarded = createGuarded(what);
  return {
    audit: createAuditReader(db, guarded),
    definitions: createDefinitionReader(db, guarded),
    registeredUpstreams: createRegisteredUpstreamStore({ db, guarded, onCommit() {} }),
    witness: createRecordWitness(connection, guarded, migrationsDir),
    close: () => connection.close(),
  };
}

function createAppend(
  connection: Database.Database,
  onCommit: () => void,
  guarded: Guarded,
  file: DatabaseFile,
  { auditHash, formerHashes = [], log }: StoreOptions,
): AuditRows["append"] {
  if (auditHash === undefined) {
    return async () => {
      throw new StoreError("STORE_FAILED", "The audit cannot be written without the key of its chain.");
    };
  }
  const append = prepareAppend(connection, {
    keys: [auditHash, ...formerHashes],
    noticed: () => (file.wasAway() ? "away" : undefined),
    onBroken: (broken) => {
      // It was logged when it was noticed.
      if (broken.kind === "found" && broken.fault === "away") file.recorded();
      else if (broken.kind === "lost") {
        log.error(
          { seq: broken.row.seq },
          "Rows of the audit that were written are gone. Run: portcullis audit verify",
        );
      } else log.error({ found: broken.fault }, FOUND);
    },
  });
  return async (rows) => {
    const head = await guarded(() => append(rows));
    onCommit();
    return head;
  };
}

const FOUND =
  "The audit is not the one that a gateway with this secret left: it was changed, or the secret was. Run: portcullis audit verify";

/** The same two steps up from `src/store/` and from `dist/store/`. */
function packagedMigrations(): string {
  return fileURLToPath(new URL("../../migrations", import.meta.url));
}
