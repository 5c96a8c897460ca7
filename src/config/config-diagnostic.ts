import { type Diagnostic, diagnosticText, placeText } from "../core/diagnostic.ts";

/** A diagnostic of a configuration file, by its key. Holds no value of a variable or a file. */
export interface ConfigDiagnostic extends Diagnostic {
  /** Dotted: `upstreams.github.timeout`; `""` for the file as a whole. */
  readonly key: string;
  /** The source line, texts in it that could be secrets blotted out. */
  readonly excerpt: string | undefined;
}

/** Several lines for a terminal: place, key, message, hint, and the source line with a caret. */
export function formatConfigDiagnostic(diagnostic: ConfigDiagnostic): string {
  const { key, message, hint, excerpt } = diagnostic;
  const place = placeText(diagnostic);
  const first = `${key === "" ? place : `${place} ${key}`}: ${message}${hint === undefined ? "" : ` ${hint}`}`;
  // The excerpt is short, and begins where its line does.
  const lineAt = (line: number) => (line === diagnostic.line ? excerpt : undefined);
  return diagnosticText(diagnostic, lineAt, { first, view: { maxWidth: Number.POSITIVE_INFINITY } });
}

/** Dotted form of a path: `auth.jwt[0].issuer`. */
export function dotted(path: readonly (string | number)[]): string {
  return path.map((step, index) => (typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`)).join("");
}
