/** How a YAML scalar is written. YAML 1.2.2 §7.3, §8.1 */
export type ScalarStyle = "PLAIN" | "QUOTE_SINGLE" | "QUOTE_DOUBLE" | "BLOCK_LITERAL" | "BLOCK_FOLDED";

/**
 * Finds where each character of a scalar's value stands in the source: one offset into `source` per UTF-16 unit of
 * `value`, and one more for its end. An error at an offset of a condition is shown at the very place in the file, however
 * the condition is quoted, folded or indented. `source` is the scalar as written, quotes or block header included.
 */
export function scalarOffsets(source: string, value: string, style: ScalarStyle): readonly number[] {
  switch (style) {
    case "BLOCK_LITERAL":
    case "BLOCK_FOLDED":
      return blockOffsets(source, value);
    case "QUOTE_SINGLE":
    case "QUOTE_DOUBLE":
      return flowOffsets(source, value, style, 1);
    case "PLAIN":
      return flowOffsets(source, value, style, 0);
    default:
      return style satisfies never;
  }
}

// Block scalars: a header line, then lines less their common indentation. Folding turns some line ends into a space.
function blockOffsets(source: string, value: string): readonly number[] {
  const offsets: number[] = [];
  const headerEnd = source.indexOf("\n");
  if (headerEnd < 0) return [source.length];
  const lines = source.slice(headerEnd + 1).split("\n");
  const indent = Math.max(0, leadingSpaces(lines) - leadingSpaces(value.split("\n")));
  let start = headerEnd + 1;
  let at = 0;
  for (const line of lines) {
    const text = line.endsWith("\r") ? line.slice(0, -1) : line;
    for (let column = Math.min(indent, text.length); column < text.length; column++) {
      if (value[at] !== text[column]) break;
      offsets[at++] = start + column;
    }
    const end = value[at];
    if (end === "\n" || (end === " " && text.length > indent)) offsets[at++] = start + text.length;
    start += line.length + 1;
  }
  return complete(offsets, value.length, source.length);
}

// How far the first line with something on it is indented. In the file and in the value it is the same line, and the
// difference is the block's indentation, with or without an indicator in its header.
function leadingSpaces(lines: readonly string[]): number {
  const line = lines.find((it) => it.trim() !== "") ?? "";
  return line.length - line.trimStart().length;
}

function flowOffsets(
  source: string,
  value: string,
  style: "PLAIN" | "QUOTE_SINGLE" | "QUOTE_DOUBLE",
  from: number,
): readonly number[] {
  const offsets: number[] = [];
  let at = 0;
  let place = from;
  while (at < value.length && place < source.length) {
    const fold = /^[ \t]*(?:\r?\n[ \t]*)+/.exec(source.slice(place, place + 4096));
    if (fold !== null) {
      const breaks = fold[0].split("\n").length - 1;
      for (let count = 0; count < Math.max(1, breaks - 1); count++) offsets[at++] = place;
      place += fold[0].length;
      continue;
    }
    const width = style === "PLAIN" ? PLAIN_UNIT : unitAt(source, place, style);
    if (width.skip) {
      place += width.source;
      continue;
    }
    for (let count = 0; count < width.value; count++) offsets[at++] = place;
    place += width.source;
  }
  return complete(offsets, value.length, Math.min(place, source.length));
}

interface Unit {
  /** Characters in the file. */
  readonly source: number;
  /** UTF-16 units in the value. */
  readonly value: number;
  readonly skip?: true;
}

const PLAIN_UNIT: Unit = { source: 1, value: 1 };
const ESCAPE_LENGTHS: Readonly<Record<string, number>> = { x: 4, u: 6, U: 10 };

function unitAt(source: string, place: number, style: "QUOTE_SINGLE" | "QUOTE_DOUBLE"): Unit {
  const next = source[place + 1] ?? "";
  if (style === "QUOTE_SINGLE") {
    return source[place] === "'" && next === "'" ? { source: 2, value: 1 } : PLAIN_UNIT;
  }
  if (source[place] !== "\\") return PLAIN_UNIT;
  const continued = /^\\\r?\n[ \t]*/.exec(source.slice(place, place + 4096));
  if (continued !== null) return { source: continued[0].length, value: 0, skip: true };
  const length = ESCAPE_LENGTHS[next] ?? 2;
  const wide = next === "U" && Number.parseInt(source.slice(place + 2, place + 10), 16) > 0xffff;
  return { source: length, value: wide ? 2 : 1 };
}

function complete(offsets: number[], length: number, end: number): readonly number[] {
  const all: number[] = [];
  for (let index = 0; index < length; index++) all.push(offsets[index] ?? all[index - 1] ?? 0);
  all.push(end);
  return all;
}
