import Database from "better-sqlite3";
import { databaseIn } from "./race-parts.ts";

/** What became of all of them. */
export interface RaceCounts {
  readonly approved: number;
  /** Requests that were approved, by their state at the end. */
  readonly states: Readonly<Record<string, number>>;
  /** Approved requests by how often their call reached the server. */
  readonly reached: Readonly<Record<number, number>>;
  /** The same of those that are indeterminate. */
  readonly indeterminateReached: Readonly<Record<number, number>>;
  /** Calls that reached the server without an approval. */
  readonly unapproved: number;
  readonly kills: number;
  /** Clients by what they heard in the end; `left` asked no more, because another of them had heard. */
  readonly ends: Readonly<Record<string, number>>;
  /** Connections that were refused or broke off. */
  readonly lost: number;
  /** JSON-RPC errors and refusals that made a client try again, by their text. */
  readonly again: Readonly<Record<string, number>>;
}

/** What is counted on the way. */
export interface RaceTally {
  readonly ends: Map<string, number>;
  readonly again: Map<string, number>;
  lost: number;
  kills: number;
}

export function createTally(): RaceTally {
  return { ends: new Map(), again: new Map(), lost: 0, kills: 0 };
}

/** The state of a request, read from outside. */
export function stateOf(dir: string, id: string): string {
  const db = new Database(databaseIn(dir), { readonly: true });
  try {
    return String(db.prepare("SELECT state FROM approval_requests WHERE id = ?").pluck().get(id));
  } finally {
    db.close();
  }
}

/** Puts together what became of these approved requests. `counts`: calls that reached the server, by request. */
export function countRace(
  tally: RaceTally,
  dir: string,
  ids: readonly string[],
  counts: ReadonlyMap<string, number>,
): RaceCounts {
  const [states, reached, indeterminate] = [new Map<string, number>(), new Map(), new Map()];
  for (const id of ids) {
    const state = stateOf(dir, id);
    const calls = counts.get(id) ?? 0;
    add(states, state);
    add(reached, calls);
    if (state === "indeterminate") add(indeterminate, calls);
  }
  const unapproved = [...counts].filter(([id]) => !ids.includes(id)).reduce((sum, [, calls]) => sum + calls, 0);
  const { kills, lost } = tally;
  return {
    approved: ids.length,
    states: Object.fromEntries(states),
    reached: Object.fromEntries(reached),
    indeterminateReached: Object.fromEntries(indeterminate),
    unapproved,
    kills,
    ends: Object.fromEntries(tally.ends),
    lost,
    again: Object.fromEntries(tally.again),
  };
}

/** One more of them. */
export function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
