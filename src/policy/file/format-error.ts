import { caretLines } from "../../core/caret-lines.ts";
import type { PolicyError } from "../policy-set.ts";

/**
 * Renders a mistake for a terminal or a log: where it is, what it is, the line with a caret below, and what to write
 * instead. `text` is the file's text, `undefined` for a file that could not be read.
 */
export function formatPolicyError(error: PolicyError, text: string | undefined): string {
  const source = text?.split("\n");
  const shown = caretLines(error, (number) => source?.[number - 1]?.replace(/\r$/, ""));
  const hint = error.hint === undefined ? [] : [error.hint];
  const first = `${error.file}:${error.line}:${error.column}: ${error.message}`;
  return [first, ...[...shown, ...hint].map((line) => `  ${line}`)].join("\n");
}
