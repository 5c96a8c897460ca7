/** What is shown around a place. */
export interface CaretView {
  /** Lines before and after its own. */
  readonly around?: number;
  /** Characters of a line. A long one is shown around the place; all are cut alike, so that the caret stands below it. */
  readonly maxWidth?: number;
}

/**
 * The line of a place, numbered, with a caret below, and the lines around it: for a fixed-width face. `lineAt` gives a line
 * by its number, from 1, as it may be shown, or `undefined` where there is none. Columns count from 1, in UTF-16 units.
 */
export function caretLines(
  { line, column }: { readonly line: number; readonly column: number },
  lineAt: (number: number) => string | undefined,
  { around = 0, maxWidth = 160 }: CaretView = {},
): readonly string[] {
  const numbers = Array.from({ length: 2 * around + 1 }, (_, index) => line - around + index);
  const sources = numbers.flatMap((number) => {
    const source = lineAt(number);
    return source === undefined ? [] : [{ number, source }];
  });
  const width = String(sources.at(-1)?.number ?? line).length;
  const from = Math.max(0, column - 1 - maxWidth / 2);
  return sources.flatMap(({ number, source }) => {
    const shown = source.slice(from, from + maxWidth);
    const numbered = `${String(number).padStart(width)} | ${shown}`;
    if (number !== line) return [numbered];
    // Tabs are kept below tabs, so that the caret stands right whatever their width.
    const before = shown.slice(0, column - 1 - from).replaceAll(/[^\t]/g, " ");
    return [numbered, `${" ".repeat(width)} | ${before}^`];
  });
}
