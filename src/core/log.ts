/** What rooms log through. Fields never hold arguments, results, tokens or other secrets. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Structured fields of one log line; `err` holds a caught fault. */
export interface LogFields {
  readonly err?: unknown;
  readonly [key: string]: unknown;
}
