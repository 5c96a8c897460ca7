import { UNSEEN } from "../../core/display.ts";
import { lookalikesIn } from "./lookalikes.ts";

/** Why a character is not shown as it is. */
export const MARKS = ["direction", "invisible", "control", "space", "broken", "stacked", "lookalike"] as const;
export type Mark = (typeof MARKS)[number];

/** A stretch of a text: as it is, or a character (the same one, `times` over) that is to stand out. */
export type TextRun =
  | { readonly mark: undefined; readonly text: string }
  | { readonly mark: Mark; readonly text: string; readonly times: number };

interface Found {
  readonly at: number;
  readonly text: string;
  readonly mark: Mark;
}

// Letters join without it in no other scripts, so that only there it is a part of writing.
const JOINING =
  "\\p{scx=Arab}\\p{scx=Syrc}\\p{scx=Deva}\\p{scx=Beng}\\p{scx=Guru}\\p{scx=Gujr}\\p{scx=Orya}\\p{scx=Taml}\\p{scx=Telu}\\p{scx=Knda}\\p{scx=Mlym}\\p{scx=Sinh}";
const PICTURE = "\\p{Extended_Pictographic}\\u{1f3fb}-\\u{1f3ff}\\ufe0f";
// Parts of emoji and of scripts that need them; line feeds and tabs, which are shown as what they do.
const USUAL = [
  `(?<=[${PICTURE}])\\u200d(?=\\p{Extended_Pictographic})`,
  "(?<=[\\p{Extended_Pictographic}#*0-9])\\ufe0f",
  `(?<=[${JOINING}])[\\u200c\\u200d](?=[${JOINING}])`,
  "\\r?\\n",
  "\\t",
];
// The braille blank and the Hangul fillers are letters to Unicode, and nothing to the eye.
const UNSEEN_HERE = `${UNSEEN}|(?! )\\p{Zs}`;
// Nobody writes more than four marks on one letter; hundreds would cover the lines around.
const PILE = "(?<=\\p{M}{4})\\p{M}";
const STANDS_OUT = new RegExp(`(?<usual>${USUAL.join("|")})|${UNSEEN_HERE}|${PILE}`, "gu");

// Nearly all texts are such, and the long ones would take a tenth of a second.
const PLAIN = /^[\x20-\x7e\n\t]*$/;

const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const BROKEN = /[\p{Cs}\p{Co}\p{Cn}]/u;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** Whether nothing in a text can stand out. */
export function isPlainRun(text: string): boolean {
  return PLAIN.test(text);
}

/**
 * Finds what in a text would show as nothing, as something else, or outside of its place. Whoever decides on a text must
 * see what a program would get. Line feeds and tabs are left as they are. @throws never
 */
export function scanText(text: string): readonly TextRun[] {
  if (text === "") return [];
  if (isPlainRun(text)) return [{ mark: undefined, text }];
  const found: Found[] = [];
  for (const match of text.matchAll(STANDS_OUT)) {
    const [character] = match;
    if (match.groups?.["usual"] === undefined)
      found.push({ at: match.index, text: character, mark: markOf(character) });
  }
  const lookalikes = lookalikesIn(text);
  if (lookalikes.length > 0) {
    // One that no font has may stand where styled letters do.
    const known = new Set(found.map(({ at }) => at));
    for (const it of lookalikes) if (!known.has(it.at)) found.push({ ...it, mark: "lookalike" });
    found.sort((a, b) => a.at - b.at);
  }
  return runsOf(text, found);
}

function markOf(character: string): Mark {
  if (DIRECTION.test(character)) return "direction";
  if (BROKEN.test(character)) return "broken";
  if (CONTROL.test(character)) return "control";
  if (/\p{Zs}/u.test(character)) return "space";
  return /\p{M}/u.test(character) && !/\p{Default_Ignorable_Code_Point}/u.test(character) ? "stacked" : "invisible";
}

function runsOf(text: string, found: readonly Found[]): readonly TextRun[] {
  const runs: TextRun[] = [];
  let at = 0;
  let last: { mark: Mark; text: string; times: number } | undefined;
  for (const { at: next, text: character, mark } of found) {
    if (next > at) {
      runs.push({ mark: undefined, text: text.slice(at, next) });
      last = undefined;
    }
    if (last?.text === character && last.mark === mark) last.times += 1;
    else {
      last = { mark, text: character, times: 1 };
      runs.push(last);
    }
    at = next + character.length;
  }
  if (at < text.length) runs.push({ mark: undefined, text: text.slice(at) });
  return runs;
}
