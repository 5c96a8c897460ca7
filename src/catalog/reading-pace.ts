import type { ListKind } from "../mcp/messages.ts";

/** Of the time, one server's lists may take the gateway a twentieth: work of 1 ms puts off what follows by 20 ms. */
const REST = 20;

/** Work in ms that is free of that after a time of rest, so that a few changes in a row are read as they come. */
const FREE = 200;

/** Longest pause that changes alone make, in calm times. */
const MAX_CALMS = 60;

/** When the lists of one server may be read again: it alone decides how often they change, and how large they are. */
export interface ReadingPace {
  /** How long the next reading of this list has to wait, in ms. */
  waitMs(kind: ListKind): number;
  /** Counts what reading or keeping a list has taken. */
  spent(ms: number): void;
  /** A reading of this list has ended: `restless` where it found something else than before, or nothing that can be read. */
  ended(kind: ListKind, restless: boolean): void;
}

/**
 * Makes one. The first change is read at once; of those that follow each other each waits twice as long as the one before,
 * from `calmMs` on, and none sooner than what reading cost allows. `now`: ms by a clock that only goes forward.
 */
export function createReadingPace(options: { readonly calmMs: number; readonly now: () => number }): ReadingPace {
  const { calmMs, now } = options;
  let rested = Number.NEGATIVE_INFINITY;
  const lists = new Map<ListKind, { readonly row: number; readonly until: number }>();
  return {
    waitMs: (kind) => Math.max(0, Math.max(rested, lists.get(kind)?.until ?? 0) - now()),
    spent(ms) {
      rested = Math.max(rested, now() - FREE * REST) + ms * REST;
    },
    ended(kind, restless) {
      const before = lists.get(kind)?.row ?? 0;
      const row = restless ? before + 1 : Math.max(0, before - 1);
      const calms = row < 2 ? 0 : Math.min(MAX_CALMS, 2 ** (row - 2));
      lists.set(kind, { row: Math.min(row, 32), until: now() + calms * calmMs });
    },
  };
}
