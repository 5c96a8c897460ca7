import { type CaretView, caretLines } from "./caret-lines.ts";

/** What is wrong with a file that people write, or is to be known about it, at its place. */
export interface Diagnostic {
  /** As its author knows it. */
  readonly file: string;
  /** From 1; 0 where the file as a whole is meant. */
  readonly line: number;
  /** From 1, in UTF-16 units; 0 where the file as a whole is meant. */
  readonly column: number;
  readonly message: string;
  /** What to write instead, or the next step, if that can be told. */
  readonly hint: string | undefined;
}

/** Where a line begins that somebody can jump to: `portcullis.yaml:3:7`. */
export function placeText({ file, line, column }: Diagnostic): string {
  return line === 0 ? file : `${file}:${line}:${column}`;
}

/** The order in which diagnostics are told: by file, line and column. */
export function byPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

/**
 * A diagnostic for a terminal or a log: what is said of it first, and indented below the line with a caret, and what is
 * said after that. `lineAt` gives a line of its file, as for `caretLines`.
 */
export function diagnosticText(
  diagnostic: Diagnostic,
  lineAt: (number: number) => string | undefined,
  said: { readonly first: string; readonly after?: readonly string[]; readonly view?: CaretView },
): string {
  const shown = caretLines(diagnostic, lineAt, said.view);
  return [said.first, ...[...shown, ...(said.after ?? [])].map((line) => `  ${line}`)].join("\n");
}
