import { LOG_LEVELS } from "../core/call.ts";
import type { Json } from "../core/json.ts";
import { encodeNotification } from "../mcp/encode.ts";
import { isLogLevel } from "../mcp/request-meta.ts";

/** Counts the log messages that one reader does not get, for the line that stands where they were. */
export class LeftOut {
  #count = 0;
  #level = 0;

  add(level: Json | undefined): void {
    this.#count += 1;
    // The line has the level of the most severe, which the client wants: it has asked for these.
    if (isLogLevel(level)) this.#level = Math.max(this.#level, LOG_LEVELS.indexOf(level));
  }

  /** The line, once; `undefined` where nothing was left out since. */
  take(): string | undefined {
    if (this.#count === 0) return undefined;
    const level = LOG_LEVELS[this.#level] ?? "warning";
    const which = this.#count === 1 ? "1 log message was" : `${this.#count} log messages were`;
    const data = `${which} left out here: more came than was read.`;
    this.#count = 0;
    this.#level = 0;
    return encodeNotification("notifications/message", { level, logger: "portcullis", data });
  }
}
