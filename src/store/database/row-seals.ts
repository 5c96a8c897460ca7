import { getTableColumns, getTableName, type InferSelectModel, type Table } from "drizzle-orm";
import type { KeyedHash } from "../../core/keyed-hash.ts";
import { type Cell, storableJson, storableRow } from "./storable.ts";

/*
 * Who has the database file but not the gateway's secret must gain nothing by what they write into it. So each row that
 * opens something to somebody has a keyed hash (`mac`) over its columns, and one that does not fit counts as not there.
 */

/** Keeps the seals of the rows of one table. */
export interface RowSeals<Row> {
  /** The row with its seal, and with texts as SQLite will give them back. Pure. */
  sealed(row: Row): Row;
  /** Whether a row is one that the gateway wrote. Hands one that nobody with the secret wrote to `onForged`. */
  holds(row: Row): boolean;
}

/** Hears of a row that no gateway with this secret wrote. */
export type OnForged = (table: string, id: string) => void;

export interface RowSealOptions<Row> {
  /** The first one seals. What the others sealed is of before the secret was replaced: no forgery, and not there either. */
  readonly keys: readonly [KeyedHash, ...KeyedHash[]];
  readonly id: (row: Row) => string;
  /** Columns that say only what is still to be done with a row. */
  readonly except?: readonly (keyof Row)[];
  readonly onForged?: OnForged;
}

type Sealed<T extends Table> = InferSelectModel<T> & { readonly mac: string | null };

/** Makes the keeper of a table. */
export function createRowSeals<T extends Table>(table: T, options: RowSealOptions<Sealed<T>>): RowSeals<Sealed<T>> {
  const [key, ...former] = options.keys;
  const left: readonly PropertyKey[] = ["mac", ...(options.except ?? [])];
  const names = namesOf(table).filter((name) => !left.includes(name));
  const name = getTableName(table);
  // Its first line is no hash, so that no row of the audit has the same.
  const textOf = (row: Readonly<Record<string, unknown>>): string =>
    `row ${name}\n${storableJson(pairsOf(row, names))}`;
  return {
    sealed(given) {
      const row = storableRow(given);
      return { ...row, mac: key(textOf(row)) };
    },
    holds(row) {
      const text = textOf(row);
      if (row.mac === key(text)) return true;
      if (!former.some((hash) => row.mac === hash(text))) options.onForged?.(name, options.id(row));
      return false;
    },
  };
}

/** The columns of a table by their names in TypeScript, in an order that stays. */
export function namesOf(table: Table): readonly string[] {
  return Object.keys(getTableColumns(table)).sort();
}

/** The columns that have a value, with their names: so a column that comes later leaves the seals of before as they are. */
export function pairsOf(
  row: Readonly<Record<string, unknown>>,
  names: readonly string[],
): readonly (readonly [string, Cell])[] {
  const pairs: (readonly [string, Cell])[] = [];
  for (const name of names) {
    const value = row[name] ?? null;
    if (value !== null) pairs.push([name, cellOf(value)]);
  }
  return pairs;
}

// What is in no column of ours (a blob) is a text that no row of ours has.
function cellOf(value: unknown): Cell {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? value
    : `${typeof value}`;
}
