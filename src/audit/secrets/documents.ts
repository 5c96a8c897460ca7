import type { Span } from "../../redaction/detect/span.ts";
import { kindBeside, neighbourName } from "../names/neighbours.ts";
import type { SearchBudget } from "../names/search-budget.ts";
import { isTokenCount, type Name } from "../names/sensitive-names.ts";
import { isPlaceAt, secretSpanAt, withoutSpans } from "./values.ts";

/*
 * Configuration that is written line by line: YAML, INI, TOML, environment files, HCL, properties. Its lines are read as the members
 * of objects, by how far they are in, so that a name says of a text what it says of an object. One pass over the lines.
 */

interface Line extends Span {
  /** Where its name begins, counted from the start of the line. */
  readonly column: number;
  /** The object that it is a member of. */
  readonly group: number;
  readonly name?: Name;
  /** Where its value begins, or what an item of a list is. */
  readonly value: number;
  /** Whether it begins an item of a list. */
  readonly isItem: boolean;
}

const LINE =
  /^(\+?(?:[ \t]|- )*)(?:export[ \t]{1,8}|set[ \t]{1,8})?(["']?)([\w.$@/-]{1,80})\2[ \t]{0,20}(?:(?:=>|:=|=|:(?=[\s"'{[]|$))[ \t]{0,40}|(?:"[^"]{0,80}"[ \t]{0,4}){0,3}(?=\{[ \t]*$))(.*)$/;
const SECTION = /^[ \t]*\[{1,2}([^[\]\n]{1,80})\]{1,2}[ \t\r]*$/;
/** What says nothing: white space, a comment, the ends of objects and documents. No blank can be taken by two repetitions in a row. */
const NOTHING = /^[ \t]*(?:(?:[#;].*|\/\/.*|---.*)?(?:\r[ \t\r]*)?|(?:\.\.\.|[\]})],?|[[{])[ \t\r]*)$/;
/** A value that stands on the lines below. */
const OPENS = /^(?:(?:!\S{1,40}|&\S{1,40})[ \t]{1,4})?(?:[|>][-+\d]{0,2}|[[{(])?[ \t\r]*(?:#.*)?$/;
/** What there is no secret in. */
const INSUBSTANTIAL = /^(?:null|~|true|false|yes|no|""|'')?,?[ \t\r]*$/i;
const MAX_LINES = 400;

/** `text` with `mark` for what its lines say is a secret. `isSecretData`: what `data` holds is, as is said further below. Linear. @throws never */
export function withoutDocuments(text: string, mark: string, isSecretData: boolean, search: SearchBudget): string {
  if (!/[\n]/.test(text)) return text;
  const { lines, secretGroups, others } = linesOf(text);
  const named = lines.filter(({ name }) => name !== undefined).length;
  if (named === 0) return text;
  const beside = secretsBeside(text, lines, search);
  // Prose has names with a colon, too.
  const isDocument =
    others * 2 <= named && (named >= 2 || lines.some(({ name }) => /^[a-z_.]+$/.test(name?.name ?? "")));
  const found: Span[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index];
    if (line?.name === undefined) continue;
    const value = text.slice(line.value, line.end);
    const opens = OPENS.test(value);
    const isSecret =
      secretGroups.has(line.group) ||
      (line.name.kind === "secret" && (isDocument || (opens && /[|>]/.test(value)))) ||
      (line.name.role === "holds" && (beside.has(line.group) || (isSecretData && line.name.name === "data")));
    const isShown =
      !opens && (INSUBSTANTIAL.test(value) || isTokenCount(line.name.name, value) || isPlaceAt(text, line.value));
    if (!isSecret || isShown) continue;
    if (!opens) found.push(valueSpan(text, line, value));
    index = hideBelow(text, lines, index, opens, found);
  }
  return withoutSpans(text, found, mark);
}

// In quotes up to their end, else the line.
function valueSpan(text: string, line: Line, value: string): Span {
  const quoted = /^["']/.test(value) ? secretSpanAt(text, line.value) : undefined;
  const end = line.value + value.replace(/[ \t]#.*$/, "").trimEnd().length;
  return quoted !== undefined && quoted.end >= end - 2
    ? quoted
    : { start: line.value, end: Math.max(end, line.value + 1) };
}

/** Hides what the lines below `index` hold that belong to it; gives the last of them. */
function hideBelow(text: string, lines: readonly Line[], index: number, opens: boolean, found: Span[]): number {
  const own = lines[index];
  if (own === undefined) return index;
  let last = index;
  // Lines of one text go as one, so that nothing is told of how long they are.
  let joins = false;
  for (let next = index + 1; next < lines.length; next++) {
    const line = lines[next];
    if (line === undefined) break;
    const isListed = opens && line.isItem && line.column - 2 >= own.column - (own.isItem ? 2 : 0);
    if (line.column <= own.column && !isListed) break;
    last = next;
    const shown = text.slice(line.value, line.end).trimEnd();
    if (/^[\]})]?,?$/.test(shown) || isPlaceAt(text, line.value)) continue;
    if (line.name !== undefined && OPENS.test(shown)) continue;
    const isText = line.name === undefined && !line.isItem;
    const before = isText && joins ? found.pop() : undefined;
    found.push({ start: before?.start ?? line.value, end: line.value + shown.length });
    joins = isText;
  }
  return last;
}

function linesOf(text: string): { lines: Line[]; secretGroups: ReadonlySet<number>; others: number } {
  const lines: Line[] = [];
  const secretGroups = new Set<number>();
  let open: { column: number; group: number }[] = [];
  let groups = 0;
  let others = 0;
  let section: number | undefined;
  for (let start = 0; start < text.length && lines.length < MAX_LINES; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const content = text.slice(start, end).replace(/\r$/, "");
    const heading = SECTION.exec(content)?.[1];
    if (heading !== undefined || /^(?:---|\.\.\.)/.test(content)) {
      section = heading === undefined ? undefined : ++groups;
      open = [];
      if (heading !== undefined && neighbourName(heading).kind === "secret") secretGroups.add(groups);
    } else if (!NOTHING.test(content)) {
      const match = LINE.exec(content);
      const before = /^\+?[ \t]*(?:- +)*/.exec(content)?.[0] ?? "";
      const column = match?.[1]?.length ?? before.length;
      const isItem = before.includes("-");
      const itemColumn = isItem ? before.indexOf("-") : column;
      while ((open.at(-1)?.column ?? -1) > (isItem ? itemColumn : column)) open.pop();
      if (isItem || open.at(-1)?.column !== column) open.push({ column, group: section ?? ++groups });
      const group = open.at(-1)?.group ?? 0;
      if (match === null) {
        if (open.length < 2 && !isItem) others++;
        lines.push({ start, end, column, group, value: start + column, isItem });
      } else {
        const value = start + content.length - (match[4] ?? "").length;
        lines.push({
          start,
          end: start + content.length,
          column,
          group,
          name: neighbourName(match[3] ?? ""),
          value,
          isItem,
        });
      }
    }
    start = end + 1;
  }
  return { lines, secretGroups, others };
}

/** The objects one of whose members names what another holds: `kind: Secret`, `name: DB_PASSWORD`. */
function secretsBeside(text: string, lines: readonly Line[], search: SearchBudget): ReadonlySet<number> {
  const byGroup = new Map<number, { names: Name[]; object: Record<string, string>; holds: boolean }>();
  for (const { name, group, value, end } of lines) {
    if (name === undefined || name.role === "none") continue;
    let members = byGroup.get(group);
    if (members === undefined) {
      members = { names: [], object: {}, holds: false };
      byGroup.set(group, members);
    }
    members.names.push(name);
    members.holds ||= name.role === "holds";
    if (!Object.hasOwn(members.object, name.name)) {
      const shown = text.slice(value, end).trim();
      Object.defineProperty(members.object, name.name, {
        value: shown.replace(/^(["'])(.*)\1,?$/, "$2"),
        enumerable: true,
      });
    }
  }
  const secret = new Set<number>();
  for (const [group, { names, object, holds }] of byGroup)
    if (holds && kindBeside(object, names, search).holds === "secret") secret.add(group);
  return secret;
}
