import type { PolicyError } from "../policy-set.ts";

const MAX_LINE = 160;

/**
 * Renders a mistake for a terminal or a log: where it is, what it is, the line with a caret below, and what to write
 * instead. `text` is the file's text, `undefined` for a file that could not be read.
 */
export function formatPolicyError(error: PolicyError, text: string | undefined): string {
  const lines = [`${error.file}:${error.line}:${error.column}: ${error.message}`];
  const source = text?.split("\n")[error.line - 1]?.replace(/\r$/, "");
  if (source !== undefined) {
    const number = String(error.line);
    // A long line is shown around the place.
    const from = Math.max(0, error.column - 1 - MAX_LINE / 2);
    const shown = source.slice(from, from + MAX_LINE);
    // Tabs are kept below tabs, so that the caret stands right whatever their width.
    const before = shown.slice(0, error.column - 1 - from).replaceAll(/[^\t]/g, " ");
    lines.push(`  ${number} | ${shown}`, `  ${" ".repeat(number.length)} | ${before}^`);
  }
  if (error.hint !== undefined) lines.push(`  ${error.hint}`);
  return lines.join("\n");
}
