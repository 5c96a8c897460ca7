import { destination, pino } from "pino";
import { PinoPretty } from "pino-pretty";
import type { Log } from "../core/log.ts";

/** How the log looks. It always goes to standard error: standard output belongs to answers, and to MCP over stdio. */
export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error" | "silent";
  readonly format: "json" | "pretty";
}

/** The process's log. Colours only on a terminal. */
export function createLog(options: LogOptions, onTerminal: boolean): Log {
  const stream =
    options.format === "pretty"
      ? PinoPretty({
          destination: 2,
          colorize: onTerminal,
          ignore: "pid,hostname",
          translateTime: "SYS:HH:MM:ss",
          sync: true,
        })
      : destination({ dest: 2, sync: false });
  const log = pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
  };
}
