import { type Diagnostic, diagnosticText, placeText } from "../../core/diagnostic.ts";

/**
 * Renders a mistake for a terminal or a log: where it is, what it is, the line with a caret below, and what to write
 * instead. `text` is the file's text, `undefined` for a file that could not be read.
 */
export function formatPolicyError(error: Diagnostic, text: string | undefined): string {
  const source = text?.split("\n");
  return diagnosticText(error, (number) => source?.[number - 1]?.replace(/\r$/, ""), {
    first: `${placeText(error)}: ${error.message}`,
    after: error.hint === undefined ? [] : [error.hint],
  });
}
