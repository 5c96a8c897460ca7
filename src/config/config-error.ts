/** One mistake in a configuration file, or one thing to know about it. Holds no value of a variable or a file. */
export interface ConfigError {
  /** As given on the command line. */
  readonly file: string;
  /** From 1; 0 where the file as a whole is meant. */
  readonly line: number;
  /** From 1; 0 where the file as a whole is meant. */
  readonly column: number;
  /** Dotted: `upstreams.github.timeout`; `""` for the file as a whole. */
  readonly key: string;
  readonly message: string;
  /** The next step, if one can be told. */
  readonly hint: string | undefined;
  /** The source line, texts in it that could be secrets blotted out. */
  readonly excerpt: string | undefined;
}

/** Several lines for a terminal: place, key, message, hint, and the source line with a caret. */
export function formatConfigError(error: ConfigError): string {
  const place = error.line === 0 ? error.file : `${error.file}:${error.line}:${error.column}`;
  const key = error.key === "" ? "" : ` ${error.key}:`;
  const hint = error.hint === undefined ? "" : ` ${error.hint}`;
  const first = `${place}${error.key === "" ? ":" : key} ${error.message}${hint}`;
  if (error.excerpt === undefined) return first;
  const number = String(error.line);
  const gutter = " ".repeat(number.length);
  const caret = " ".repeat(Math.max(0, error.column - 1));
  return `${first}\n  ${number} | ${error.excerpt}\n  ${gutter} | ${caret}^`;
}

/** Dotted form of a path: `auth.jwt[0].issuer`. */
export function dotted(path: readonly (string | number)[]): string {
  return path.map((step, index) => (typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`)).join("");
}
