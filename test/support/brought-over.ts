import Database from "better-sqlite3";

/*
 * What reading a database brings into this process, whoever reads: the longest text of each statement's results. It stands where the
 * driver hands rows over, so that no reader passes by.
 */

/** A text or bytes that were longer than they may be. */
export interface BroughtOver {
  readonly sql: string;
  readonly bytes: number;
}

/** Watches all statements of this process. `stop` ends it. */
export function watchBroughtOver(maxBytesOf: (sql: string) => number): {
  /** What was longer since it was asked last. */
  take(): readonly BroughtOver[];
  stop(): void;
} {
  const db = new Database(":memory:");
  const statement: Methods = Object.getPrototypeOf(db.prepare("SELECT 1"));
  db.close();
  const { get, all, iterate } = statement;
  let found: BroughtOver[] = [];
  const look = (sql: string, value: unknown): void => {
    if (typeof value === "string" || Buffer.isBuffer(value)) {
      const bytes = Buffer.byteLength(value);
      if (bytes > maxBytesOf(sql)) found.push({ sql: sql.slice(0, 200), bytes });
    } else if (typeof value === "object" && value !== null) for (const item of Object.values(value)) look(sql, item);
  };
  statement.get = function (this: Statement, ...given) {
    const row = get.apply(this, given);
    look(this.source, row);
    return row;
  };
  statement.all = function (this: Statement, ...given) {
    const rows = all.apply(this, given);
    look(this.source, rows);
    return rows;
  };
  statement.iterate = function* (this: Statement, ...given) {
    for (const row of iterate.apply(this, given) as Iterable<unknown>) {
      look(this.source, row);
      yield row;
    }
  };
  return {
    take() {
      const taken = found;
      found = [];
      return taken;
    },
    stop() {
      Object.assign(statement, { get, all, iterate });
    },
  };
}

interface Statement {
  readonly source: string;
}

type Method = (this: Statement, ...given: unknown[]) => unknown;

interface Methods {
  get: Method;
  all: Method;
  iterate: Method;
}
