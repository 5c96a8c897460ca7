import type { Readable } from "node:stream";
import type { Log } from "../../core/log.ts";
import { rest } from "../waiting/drain.ts";
import { createFlood, type FloodLimits } from "../waiting/flood.ts";
import type { LastWords } from "./last-words.ts";
import { createLineSplitter } from "./line-splitter.ts";

/** Longest line that is kept whole. */
const MAX_LINE_BYTES = 16 * 1024;
const MAX_SHOWN = 1_000;
/** Lines per window; a child that prints more is chatty, not informative. */
const MAX_LINES = 100;
const WINDOW_MS = 10_000;
/** Bytes that are looked at; the rest is thrown away unread. */
const READ: FloodLimits = { burst: 262_144, perSecond: 65_536 };

export interface StderrLog {
  take(chunk: Buffer): void;
  /** Nothing comes any more: what has no line end is a line, too. */
  end(): void;
}

/** Writes a child's stderr into the log, line by line, cut and rate-limited. Hand it what comes out of `pipe`. */
export function createStderrLog(
  pipe: Readable,
  options: { readonly upstream: string; readonly log: Log; readonly now: () => number; readonly words: LastWords },
): StderrLog {
  const { upstream, log, now, words } = options;
  const read = createFlood(now, READ);
  let windowStart = now();
  let lines = 0;
  let skipped = 0;
  let unread = 0;
  const write = (line: string): void => {
    const text = words.stderr(line);
    const time = now();
    if (time - windowStart >= WINDOW_MS) {
      if (skipped > 0 || unread > 0) {
        log.info({ upstream, skipped, bytes: unread }, "Lines of an upstream's stderr were left out.");
      }
      windowStart = time;
      lines = 0;
      skipped = 0;
      unread = 0;
    }
    if (++lines > MAX_LINES) skipped++;
    else log.info({ upstream, stderr: text.slice(0, MAX_SHOWN) }, "An upstream wrote to stderr.");
  };
  const split = createLineSplitter({
    maxBytes: MAX_LINE_BYTES,
    onLine: (line) => {
      if (line.length > 0) write(line.toString("utf8"));
    },
    // Its edges could be half of something secret.
    onOversize: () => write(`(a line of more than ${MAX_LINE_BYTES / 1024} KB)`),
  });
  return {
    take(chunk) {
      if (read.take(chunk.length)) {
        // What was left out stood between two lines.
        if (unread > 0) split(LINE_END);
        split(chunk);
        return;
      }
      unread += chunk.length;
      rest(pipe);
    },
    end: () => split(LINE_END),
  };
}

const LINE_END = Buffer.from("\n");
