import type { Span } from "../../redaction/detect/span.ts";
import { neighbourName } from "../names/neighbours.ts";
import { type SearchBudget, spendSteps } from "../names/search-budget.ts";
import { stepsOfName } from "../names/sensitive-names.ts";

/*
 * Columns of a secret's name in tables that are written out: values with separators under a line of headings, and the rows that
 * SQL inserts. One pass over the text.
 */

const MAX_HEADINGS = 400;
const INSERT = /\binsert\s{1,8}(?:into\s{1,8})?[^\s(]{1,100}\s{0,8}\(([^()]{1,400})\)\s{0,8}values?\s{0,8}(?=\()/gi;
const MAX_HEADING = 40;

/** `text` with `mark` for what stands below a heading that names a secret. Linear. `search`: beyond, all is hidden. @throws never */
export function withoutSeparated(text: string, mark: string, search: SearchBudget): string {
  const end = text.indexOf("\n");
  if (end < 0 || end > MAX_HEADINGS) return text;
  const head = text.slice(0, end);
  const separator = ["\t", ";", "|", ","].find((sign) => head.includes(sign));
  const headings = separator === undefined ? [] : head.split(separator);
  if (
    headings.length > 1 &&
    !spendSteps(
      search,
      headings.reduce((steps, heading) => steps + stepsOfName(heading), 0),
    )
  )
    return mark;
  const secret = secretOf(headings);
  if (separator === undefined || headings.length < 2 || secret.size === 0) return text;
  const found: Span[] = [];
  for (let from = head.length + 1; from < text.length; ) {
    const row = rowAt(text, from, { separator, end: "\n", quotes: '"' });
    // A sentence with a comma is no heading of what follows.
    if (found.length === 0 && row.cells.length !== headings.length) return text;
    for (const index of secret) if (row.cells[index] !== undefined) found.push(row.cells[index]);
    from = row.end + 1;
  }
  return replaceAll(text, found, mark);
}

/** `text` with `mark` for what SQL inserts into a column of a secret, but not for places that parameters fill. Linear. @throws never */
export function withoutInserted(text: string, mark: string): string {
  const found = insertedSecrets(text).filter(({ start, end }) => !PLACE.test(text.slice(start, end)));
  return found.length === 0 ? text : replaceAll(text, found, mark);
}

const PLACE = /^\s*(?:\?\d{0,3}|\$\d{1,3}|%s|[:@$][A-Za-z]\w{0,40}|%\(\w{1,40}\)s)\s*$/;

/** The parts of a statement of SQL that are inserted into a column of a secret. Linear. @throws never */
export function insertedSecrets(text: string): readonly Span[] {
  const found: Span[] = [];
  INSERT.lastIndex = 0;
  for (let match = INSERT.exec(text); match !== null; match = INSERT.exec(text)) {
    const secret = secretOf((match[1] ?? "").split(","));
    let from = INSERT.lastIndex;
    while (secret.size > 0 && text.charAt(from) === "(") {
      const row = rowAt(text, from + 1, { separator: ",", end: ")", quotes: `'"` });
      for (const index of secret) if (row.cells[index] !== undefined) found.push(row.cells[index]);
      const between = /^\s{0,40},\s{0,40}/.exec(text.slice(row.end + 1, row.end + 90));
      from = row.end + 1 + (between?.[0].length ?? 0);
    }
    INSERT.lastIndex = Math.max(from, INSERT.lastIndex);
  }
  return found;
}

function secretOf(headings: readonly string[]): ReadonlySet<number> {
  const isSecret = (heading: string): boolean =>
    heading.length <= MAX_HEADING && neighbourName(heading.trim()).kind === "secret";
  return new Set(headings.flatMap((heading, index) => (isSecret(heading) ? [index] : [])));
}

interface Form {
  readonly separator: string;
  /** What a row ends with. */
  readonly end: string;
  readonly quotes: string;
}

/** The cells of the row that begins at `from`, and where it ends. What is in quotes or parentheses parts nothing. */
function rowAt(text: string, from: number, { separator, end, quotes }: Form): { cells: Span[]; end: number } {
  const cells: Span[] = [];
  let start = from;
  let quote = "";
  let depth = 0;
  let index = from;
  for (; index < text.length; index++) {
    const sign = text.charAt(index);
    if (quote !== "") {
      if (sign === quote) quote = "";
    } else if (quotes.includes(sign)) quote = sign;
    else if (end === ")" && sign === "(") depth++;
    else if (depth > 0) depth -= sign === ")" ? 1 : 0;
    else if (sign === end) break;
    else if (sign === separator) {
      cells.push({ start, end: index });
      start = index + 1;
    }
  }
  cells.push({ start, end: index });
  return { cells, end: index };
}

function replaceAll(text: string, cells: readonly Span[], mark: string): string {
  let out = "";
  let from = 0;
  for (const { start, end } of [...cells].sort((a, b) => a.start - b.start)) {
    const cell = text.slice(start, end);
    // The line below the headings of Markdown has nothing but dashes.
    const before = cell.slice(0, cell.length - cell.trimStart().length);
    const shown = /^[\s:-]*$/.test(cell) ? cell : `${before}${mark}${cell.slice(cell.trimEnd().length)}`;
    out += text.slice(from, start) + shown;
    from = end;
  }
  return out + text.slice(from);
}
