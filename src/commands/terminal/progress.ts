import { grouped } from "../../core/counted.ts";
import { timeLeftText } from "../../core/duration.ts";
import { isTerminal } from "./output.ts";

/** Shows how far a long command is. */
export interface Progress {
  /** Told of every step; draws now and then. */
  at(done: number): void;
  /** Takes the line away. */
  end(): void;
}

/** What a progress line is about, and where it goes. */
export interface ProgressOptions {
  readonly output: NodeJS.WritableStream;
  readonly total: number;
  /** What is counted, in the plural. */
  readonly noun: string;
  /** ms, from any start. */
  readonly now: () => number;
}

const DRAW_EVERY_MS = 100;
const BAR = 24;

/** A line with a bar, the rate and the time left, on a terminal; elsewhere nothing at all. */
export function createProgress({ output, total, noun, now }: ProgressOptions): Progress {
  if (!isTerminal(output)) return { at: () => {}, end: () => {} };
  const startedAt = now();
  let drawnAt = Number.NEGATIVE_INFINITY;
  return {
    at(done) {
      const time = now();
      if (time - drawnAt < DRAW_EVERY_MS) return;
      drawnAt = time;
      const share = total === 0 ? 1 : Math.min(1, done / total);
      const rate = (done * 1000) / Math.max(1, time - startedAt);
      const left = rate === 0 ? "" : `  ${timeLeftText((Math.max(0, total - done) / rate) * 1_000)} left`;
      const filled = Math.round(share * BAR);
      const bar = `${"█".repeat(filled)}${"░".repeat(BAR - filled)}`;
      const text = `${bar} ${Math.floor(share * 100)}%  ${grouped(done)} of ${grouped(total)} ${noun}  ${grouped(rate)}/s${left}`;
      output.write(`\r\u001b[K${text.slice(0, widthOf(output) - 1)}`);
    },
    end() {
      output.write("\r\u001b[K");
    },
  };
}

// A line that wraps could not be taken back.
function widthOf(output: NodeJS.WritableStream): number {
  return "columns" in output && typeof output.columns === "number" && output.columns > 0 ? output.columns : 80;
}
