import { caretLines } from "../../core/caret-lines.ts";
import { asReplacement, escapeForDisplay } from "../../core/display.ts";
import type { PolicyError } from "../policy-set.ts";

const AROUND = 2;

/**
 * The lines around a mistake, numbered, with a caret below the place: for a fixed-width face. `lines` are the file's;
 * `undefined`, for one that could not be read, gives "". Marks that would change how the lines read are replaced.
 */
export function sourceExcerpt({ line, column }: PolicyError, lines: readonly string[] | undefined): string {
  const lineAt = (number: number): string | undefined => {
    const source = lines?.[number - 1];
    return source === undefined ? undefined : visibleLine(source);
  };
  return caretLines({ line, column }, lineAt, { around: AROUND })
    .map((shown) => shown.trimEnd())
    .join("\n");
}

/** A line of a file for people to review: what turns the direction of text or cannot be seen shows as �. */
function visibleLine(line: string): string {
  return escapeForDisplay(line.replace(/\r$/, ""), (mark) => (mark === "\t" ? mark : asReplacement(mark)));
}
