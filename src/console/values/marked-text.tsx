import { grouped } from "../../core/counted.ts";
import type { Mark, TextRun } from "./scan-text.ts";

/** A text whose odd characters stand out as marks with their codes. It is kept apart from the direction around it. */
export function MarkedText({ runs }: { readonly runs: readonly TextRun[] }) {
  return <bdi>{runs.map((run) => (run.mark === undefined ? run.text : <Marked {...run} />))}</bdi>;
}

function Marked({ mark, text, times }: Extract<TextRun, { mark: Mark }>) {
  const code = codeOf(text);
  const name = NAMES[code];
  return (
    <span class={`mark ${mark}`} title={name === undefined ? code : `${code} ${name}`}>
      {shapeOf(mark, text)}
      {times === 1 ? null : ` ×${grouped(times)}`}
    </span>
  );
}

/** A character by its code point, as Unicode writes it: `U+202E`. */
export function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** What stands for a character: for a control its picture, for a letter itself, for everything else its code. */
function shapeOf(mark: Mark, character: string): string {
  if (mark === "lookalike") return character;
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x20) return String.fromCodePoint(0x2400 + point);
  return point === 0x7f ? "\u2421" : codeOf(character);
}

const NAMES: Readonly<Record<string, string>> = {
  "U+0000": "null",
  "U+0008": "backspace",
  "U+000D": "carriage return",
  "U+001B": "escape",
  "U+007F": "delete",
  "U+00A0": "no-break space",
  "U+00AD": "soft hyphen",
  "U+061C": "Arabic letter mark",
  "U+200B": "zero width space",
  "U+200C": "zero width non-joiner",
  "U+200D": "zero width joiner",
  "U+200E": "left-to-right mark",
  "U+200F": "right-to-left mark",
  "U+2028": "line separator",
  "U+2029": "paragraph separator",
  "U+202A": "left-to-right embedding",
  "U+202B": "right-to-left embedding",
  "U+202C": "pop directional formatting",
  "U+202D": "left-to-right override",
  "U+202E": "right-to-left override",
  "U+202F": "narrow no-break space",
  "U+2060": "word joiner",
  "U+2066": "left-to-right isolate",
  "U+2067": "right-to-left isolate",
  "U+2068": "first strong isolate",
  "U+2069": "pop directional isolate",
  "U+3000": "ideographic space",
  "U+FEFF": "byte order mark",
};
