import { stripVTControlCharacters } from "node:util";
import { asEscape, cut, escapeForDisplay } from "../../core/display.ts";

/** Lines of stderr that are kept, and what is shown of each line. */
const MAX_LINES = 20;
const MAX_CHARS = 300;

/** What a program said besides messages, for the reason why it ended: safe to show, and bounded. */
export interface LastWords {
  /** Takes a line of its stderr. What of it may be shown. */
  stderr(line: string): string;
  /** Takes a line of its output that is no message; the first is kept. What of it may be shown. */
  noise(line: string): string;
  /** `reason`, and below it what was said, a line each. */
  after(reason: string): string;
}

/** Makes it. `mask` takes out what is secret. */
export function createLastWords(mask: (text: string) => string): LastWords {
  const lines: string[] = [];
  let first: string | undefined;
  const keep = (line: string): void => {
    lines.push(cut(line, MAX_CHARS));
    if (lines.length > MAX_LINES) lines.shift();
  };
  const safe = (text: string): string =>
    escapeForDisplay(mask(stripVTControlCharacters(text)).replaceAll("\t", " "), asEscape);
  return {
    stderr(line) {
      const shown = safe(line);
      if (shown.trim() !== "") keep(shown);
      return shown;
    },
    noise(line) {
      // A broken answer may hold what a tool gave somebody.
      const shown = /^\s*[{[]/.test(line) ? "(it begins like JSON)" : cut(safe(line), MAX_CHARS);
      first ??= shown;
      return shown;
    },
    after(reason) {
      const noise = first === undefined ? [] : [`stdout: ${first}`];
      return [reason, ...noise, ...lines.map((line) => `stderr: ${line}`)].join("\n");
    },
  };
}

/** What happened, without what was said. */
export function withoutWords(detail: string): string {
  return detail.split("\n", 1)[0] ?? "";
}
