import { OneByOne } from "../../core/one-by-one.ts";
import { Slices } from "../../core/slices.ts";

/** Does something with each item of a long list, so that nobody else waits for more than a piece of it. */
export interface InPieces {
  /** `holder`: for whom; of several, one person after another. */
  map<Item, Result>(holder: string, items: Iterable<Item>, work: (item: Item) => Result): Promise<Result[]>;
}

/** Makes it: of all lists that are worked on, one piece in each turn of the event loop. `now` as for `Slices`. */
export function createInPieces(now?: () => number): InPieces {
  const turns = new OneByOne();
  return {
    async map(holder, items, work) {
      const results = [];
      await turns.turn(holder);
      let slices = new Slices(now);
      for (const item of items) {
        if (slices.isOver) {
          await turns.turn(holder);
          slices = new Slices(now);
        }
        results.push(work(item));
      }
      return results;
    },
  };
}
