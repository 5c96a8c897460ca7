import { caretLines } from "../core/caret-lines.ts";

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
  // The excerpt is short, and begins where its line does.
  const shown = caretLines(error, (line) => (line === error.line ? error.excerpt : undefined), { maxWidth: Infinity });
  return [first, ...shown.map((line) => `  ${line}`)].join("\n");
}

/** Dotted form of a path: `auth.jwt[0].issuer`. */
export function dotted(path: readonly (string | number)[]): string {
  return path.map((step, index) => (typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`)).join("");
}
