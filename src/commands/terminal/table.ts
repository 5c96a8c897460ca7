import type { Colour } from "./output.ts";

/** Lines of cells below a head, columns as wide as they need to be. Ends with a line break. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  paint: (colour: Colour, text: string) => string,
  /** The colour of a cell, if it has one. */
  colourOf: (row: number, column: number) => Colour | undefined = () => undefined,
): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((cells) => cells[column]?.length ?? 0)));
  const pad = (cells: readonly string[]): string[] => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
  const body = rows.map((cells, row) => {
    const painted = pad(cells).map((cell, column) => {
      const colour = colourOf(row, column);
      return colour === undefined ? cell : paint(colour, cell);
    });
    return painted.join("  ").trimEnd();
  });
  return `${[paint("bold", pad(head).join("  ").trimEnd()), ...body].join("\n")}\n`;
}
