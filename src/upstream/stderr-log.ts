import type { Log } from "../core/log.ts";
import { createLineSplitter } from "./line-splitter.ts";

/** Longest line that is kept whole. */
const MAX_LINE_BYTES = 16 * 1024;
const MAX_SHOWN = 1_000;
/** Lines per window; a child that prints more is chatty, not informative. */
const MAX_LINES = 100;
const WINDOW_MS = 10_000;

/** Writes a child's stderr into the log, line by line, cut and rate-limited. */
export function createStderrLog(options: {
  readonly upstream: string;
  readonly log: Log;
  readonly now: () => number;
}): (chunk: Buffer) => void {
  const { upstream, log, now } = options;
  let windowStart = now();
  let lines = 0;
  let skipped = 0;
  const write = (text: string): void => {
    const time = now();
    if (time - windowStart >= WINDOW_MS) {
      if (skipped > 0) log.info({ upstream, skipped }, "Lines of an upstream's stderr were left out.");
      windowStart = time;
      lines = 0;
      skipped = 0;
    }
    if (++lines > MAX_LINES) skipped++;
    else log.info({ upstream, stderr: text.slice(0, MAX_SHOWN) }, "An upstream wrote to stderr.");
  };
  return createLineSplitter({
    maxBytes: MAX_LINE_BYTES,
    onLine: (line) => write(line.toString("utf8")),
    onOversize: (edges) => write(`${edges.toString("utf8")} …`),
  });
}
