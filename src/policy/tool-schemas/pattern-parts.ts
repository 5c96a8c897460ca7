import type { PartPlace } from "./text-shape.ts";

/** A text that stands written out in a pattern, and where in what fits it. */
export interface PatternPart {
  readonly part: string;
  readonly where: PartPlace | "whole";
}

/** Longer patterns, and those with more alternatives, are not looked at. */
const MAX_CHARACTERS = 2_000;
const MAX_ROWS = 16;

const CLASS = String.raw`\[\^?\]?(?:\\.|[^\]\\])*\]`;
/** The innermost group that is not repeated. */
const GROUP = new RegExp(String.raw`(?<!\\)\((?:\?:)?((?:\\.|${CLASS}|[^()\\[\]])*)\)(?![*+?{])`, "su");
const BRANCH = new RegExp(String.raw`(?:\\.|${CLASS}|[^|\\[])+`, "gsu");
/** One character, a class or an escape; then how often. */
const ATOM = new RegExp(
  String.raw`^(${CLASS}|\\[pP]\{[^}]*\}|\\.|[^\\^$|?*+()[\]{}])((?:[*+?]|\{\d+(?:,\d*)?\})\??)?`,
  "su",
);

/**
 * What texts that fit a pattern have for certain: what is written out at their end, else each text that is written out.
 * Empty for a pattern that is more than rows of characters and classes.
 */
export function partsOfPattern(pattern: string): readonly PatternPart[] {
  const rows = rowsOfPattern(pattern);
  const found = rows.flatMap(branchesOf).map(partsOfRow);
  return found.includes(undefined) ? [] : found.flatMap((parts) => parts ?? []);
}

/**
 * What is written out in a pattern, a text for each of its alternatives, `gap` where it may be anything else. A dot that
 * stands for any character counts as one.
 */
export function writtenInPattern(pattern: string, gap: string): readonly string[] {
  return rowsOfPattern(pattern.replace(FLAGS, "").replace(FLAGGED_OR_NAMED, "(?:"))
    .flatMap(branchesOf)
    .map((row) => {
      let rest = row.replace(/^\^|\$$/g, "");
      let written = "";
      while (rest !== "") {
        const [whole = rest.slice(0, 1), single = "", often] = REPEATED_GROUP.exec(rest) ?? ATOM.exec(rest) ?? [];
        written += (often === undefined ? (single === "." ? "." : characterOf(single)) : undefined) ?? gap;
        rest = rest.slice(whole.length);
      }
      return written;
    });
}

// What they mean for how much fits is not looked at where only the text counts that is written.
const FLAGS = /(?<!\\)\(\?[a-zA-Z-]+\)/g;
const FLAGGED_OR_NAMED = /(?<!\\)\(\?(?:[a-zA-Z-]+:|P?<\w+>)/g;
const REPEATED_GROUP = new RegExp(String.raw`^\((?:\\.|${CLASS}|[^()\\[\]])*\)()(?:[*+?]|\{[^}]*\})\??`, "su");

/** A pattern with its alternatives written out, one row for each; none where they are too many. */
function rowsOfPattern(pattern: string): readonly string[] {
  if (pattern.length > MAX_CHARACTERS) return [];
  const bare = pattern.replace(/^\(\?[isU]+\)/, "").replace(/^\\A/, "^");
  let rows: readonly string[] = [bare.replace(/\\z$/, "$")];
  while (rows.some((row) => GROUP.test(row))) {
    rows = rows.flatMap((row) => {
      const group = GROUP.exec(row);
      if (group === null) return [row];
      const [before, after] = [row.slice(0, group.index), row.slice(group.index + group[0].length)];
      return branchesOf(group[1] ?? "").map((branch) => before + branch + after);
    });
    if (rows.length > MAX_ROWS) return [];
  }
  return rows;
}

function branchesOf(text: string): readonly string[] {
  return text === "" ? [""] : (text.match(BRANCH) ?? []);
}

/** `undefined` for what is no plain row. */
function partsOfRow(row: string): readonly PatternPart[] | undefined {
  const opened = row.startsWith("^");
  const closed = /(?:^|[^\\])(?:\\\\)*\$$/.test(row);
  let rest = row.slice(opened ? 1 : 0, closed ? -1 : undefined);
  const runs = [""];
  while (rest !== "") {
    const atom = ATOM.exec(rest);
    if (atom === null) return undefined;
    const [whole, single = "", often] = atom;
    const character = often === undefined ? characterOf(single) : undefined;
    if (character === undefined) runs.push("");
    else runs.push((runs.pop() ?? "") + character);
    rest = rest.slice(whole.length);
  }
  const [first = ""] = runs;
  const last = runs.at(-1) ?? "";
  if (opened && closed && runs.length === 1) return [{ part: first, where: "whole" }];
  if (closed && last !== "") return [{ part: last, where: "end" }];
  return runs.map((part, at) => ({ part, where: opened && at === 0 ? "start" : "anywhere" }));
}

/** The one character that an atom stands for: `[.]` and `\.` are a dot, and a bare dot is any. */
function characterOf(atom: string): string | undefined {
  const inside = /^\[([^\\^])\]$/su.exec(atom)?.[1] ?? /^\[?\\([^\p{L}\p{N}])\]?$/su.exec(atom)?.[1];
  if (inside !== undefined) return inside;
  return atom !== "." && [...atom].length === 1 ? atom : undefined;
}
