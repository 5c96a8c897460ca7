import { asReplacement, escapeForDisplay } from "../../core/display.ts";
import type { PolicyError } from "../policy-set.ts";

const AROUND = 2;
const MAX_LINE = 160;

/**
 * The lines around a mistake, numbered, with a caret below the place: for a fixed-width face. `lines` are the file's;
 * `undefined`, for one that could not be read, gives "". Marks that would change how the lines read are replaced.
 */
export function sourceExcerpt({ line, column }: PolicyError, lines: readonly string[] | undefined): string {
  if (lines === undefined) return "";
  const first = Math.max(1, line - AROUND);
  const last = Math.min(lines.length, line + AROUND);
  const width = String(last).length;
  // All lines are cut alike, so that the caret stands below its place.
  const from = Math.max(0, column - 1 - MAX_LINE / 2);
  const shown: string[] = [];
  for (let number = first; number <= last; number++) {
    const source = visibleLine(lines[number - 1] ?? "").slice(from, from + MAX_LINE);
    shown.push(`${String(number).padStart(width)} | ${source}`.trimEnd());
    if (number !== line) continue;
    // Tabs are kept below tabs, so that the caret stands right whatever their width.
    const before = source.slice(0, column - 1 - from).replaceAll(/[^\t]/g, " ");
    shown.push(`${" ".repeat(width)} | ${before}^`);
  }
  return shown.join("\n");
}

/** A line of a file for people to review: what turns the direction of text or cannot be seen shows as �. */
function visibleLine(line: string): string {
  return escapeForDisplay(line.replace(/\r$/, ""), (mark) => (mark === "\t" ? mark : asReplacement(mark)));
}
