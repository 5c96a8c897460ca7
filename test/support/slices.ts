import { Slices } from "../../src/core/slices.ts";

/** Slices that are over at each look, and how often others had their turn between them. */
export interface CountedSlices {
  readonly slices: () => Slices;
  readonly turns: number;
}

/** Makes them: no clock is asked. */
export function countedSlices(): CountedSlices {
  let turns = 0;
  return {
    slices() {
      let now = 0;
      const slices = new Slices(() => (now += 1_000));
      const next = slices.next.bind(slices);
      slices.next = () => {
        turns += 1;
        return next();
      };
      return slices;
    },
    get turns() {
      return turns;
    },
  };
}
