import { suggest } from "../../core/suggest.ts";
import { misspeltAddresses } from "./address-spelling.ts";
import { type AstNode, childrenOf, readCall, renameCall, selectionPath, stringLiteral } from "./ast.ts";
import type { ExpressionProblem } from "./expression-problem.ts";
import { parseTimestamp, TIMESTAMP_PARTS, type ToLocal } from "./timestamps.ts";
import { fieldType, isRecordName, VARIABLES, VOCABULARY } from "./vocabulary.ts";

/** What the rules need from the language that they guard. */
export interface RuleDeps {
  readonly toLocal: ToLocal;
  /** Compiles and keeps a literal pattern; the reason if it is not RE2. */
  readonly addPattern: (pattern: string) => { readonly ok: true } | { readonly ok: false; readonly reason: string };
}

/** Functions of this room that stand in for the engine's own carry this mark, which no author can write. */
export const SAFE = "@";

/** As the engine reads them, which has no days; a unit has a number before it. */
const DURATION = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/;

/** How deep comprehensions (`all`, `exists`, `filter`, `map`, …) may stand in each other. */
const MAX_NESTING = 2;

const COMPREHENSIONS = new Set(["all", "exists", "exists_one", "filter", "map"]);
// The engine drops these keys of a map literal without a word.
const DROPPED_KEYS = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Checks a parsed text for everything that the engine lets pass and should not, and points its calls to the safe
 * functions. Runs between parsing and type check.
 */
export function applyRules(root: AstNode, deps: RuleDeps): readonly ExpressionProblem[] {
  const problems: ExpressionProblem[] = [];
  const report = (node: AstNode, message: string, hint?: string): void => {
    problems.push({ start: node.start, end: node.end, message, hint });
  };

  function visit(node: AstNode, nesting: number): void {
    if (node.op === "map") checkMapLiteral(node, report);
    problems.push(...misspeltAddresses(node));
    const call = readCall(node);
    if (call === undefined) {
      // `in` walks a whole list too, unless the list is written out.
      const walks = node.op === "in" && childrenOf(node)[1]?.op !== "list" && nesting > 0 && readsArguments(node);
      if (walks && nesting === MAX_NESTING) reportNesting(node);
      for (const child of childrenOf(node)) visit(child, nesting);
      return;
    }
    const { name, receiver, args } = call;
    if (receiver !== undefined && COMPREHENSIONS.has(name) && args.length >= 2) {
      const [variable, ...bodies] = args;
      checkVariable(variable);
      visit(receiver, nesting);
      if (nesting === MAX_NESTING) reportNesting(node);
      else for (const body of bodies) visit(body, nesting + 1);
      return;
    }
    if (name === "bind" && receiver !== undefined) checkVariable(args[0]);
    if (name === "has" && receiver === undefined) checkHas(args[0], report);
    checkCall(node, call.name, receiver, args);
    for (const child of childrenOf(node)) visit(child, nesting);
  }

  function reportNesting(node: AstNode): void {
    report(node, `Comprehensions stand in each other more than ${MAX_NESTING} deep.`, "Split the condition up.");
  }

  function checkVariable(variable: AstNode | undefined): void {
    const name = variable?.op === "id" && typeof variable.args === "string" ? variable.args : undefined;
    if (variable === undefined || name === undefined || !VARIABLES.includes(name)) return;
    report(variable, `\`${name}\` already has a meaning here.`, "Choose another name for the variable.");
  }

  function checkDuration(literal: AstNode): void {
    const text = stringLiteral(literal);
    if (text === undefined || DURATION.test(text)) return;
    report(literal, "This is not a duration.", 'Write it with units: "90s", "1h30m". Days are hours: "24h".');
  }

  function checkCall(node: AstNode, name: string, receiver: AstNode | undefined, args: readonly AstNode[]): void {
    if (name === "size" && args.length === (receiver === undefined ? 1 : 0)) renameCall(node, `${SAFE}size`);
    if (receiver === undefined) {
      if (name === "duration" && args.length === 1) checkDuration(args[0] ?? node);
      if (name !== "timestamp" || args.length !== 1) return;
      const text = stringLiteral(args[0]);
      if (text !== undefined && parseTimestamp(text) === undefined) {
        report(args[0] ?? node, "This is not an RFC 3339 timestamp.", 'Write it as "2026-01-31T09:00:00Z".');
      }
      renameCall(node, `${SAFE}timestamp`);
      return;
    }
    if (name === "matches" && args.length === 1) checkMatches(node, args[0] ?? node);
    else if (name === "split") renameCall(node, `${SAFE}split`);
    else if (name === "json") report(node, "json() is not available: it would read unchecked data.");
    else if (Object.hasOwn(TIMESTAMP_PARTS, name) && (args.length === 1 || name === "getDayOfYear")) {
      const zone = stringLiteral(args[0]);
      if (zone !== undefined && deps.toLocal(new Date(0), zone) === undefined) {
        report(args[0] ?? node, "There is no such time zone.", 'Write it as "Europe/Berlin" or "+02:00".');
      }
      renameCall(node, `${SAFE}${name}`);
    }
  }

  function checkMatches(node: AstNode, pattern: AstNode): void {
    const text = stringLiteral(pattern);
    if (text === undefined) {
      const hint = "Write the pattern out in quotes, or use contains(), startsWith() or endsWith().";
      report(pattern, "matches() takes a literal pattern only.", hint);
      return;
    }
    const added = deps.addPattern(text);
    if (added.ok) {
      renameCall(node, `${SAFE}matches`);
    } else {
      const hint = "Patterns are RE2: no look-around, no back-references, and of a bounded size.";
      report(pattern, `This is not a valid pattern: ${added.reason}.`, hint);
    }
  }

  visit(root, 0);
  return problems;
}

type Report = (node: AstNode, message: string, hint?: string) => void;

// The engine answers `false` for a misspelt field here, where it refuses it everywhere else.
function checkHas(argument: AstNode | undefined, report: Report): void {
  if (argument === undefined) return;
  const path = selectionPath(argument);
  if (path === undefined || path.length < 2) {
    report(argument, "has() takes a selection such as args.note.", "Elsewhere use: key in map.");
    return;
  }
  const [root, field = "", ...rest] = path;
  if (!isRecordName(root)) return;
  const type = fieldType(root, field);
  if (type === undefined) {
    const close = suggest(field, Object.keys(VOCABULARY[root]));
    report(argument, `\`${root}\` has no field \`${field}\`.`, didYouMean(close && `${root}.${close}`));
  } else if (rest.length > 0 && type !== "map" && type !== "dyn") {
    report(argument, `\`${root}.${field}\` is a ${typeName(type)} and has no fields.`);
  }
}

// Other keys become strings in this engine, and of equal keys the last would win in silence.
function checkMapLiteral(node: AstNode, report: Report): void {
  const seen = new Set<string>();
  const children = childrenOf(node);
  for (let index = 0; index < children.length; index += 2) {
    const key = children[index];
    const text = stringLiteral(key);
    if (key === undefined) continue;
    if (text === undefined) report(key, "The keys of a map must be strings in quotes.");
    else if (DROPPED_KEYS.has(text)) report(key, `The key "${text}" cannot be used in a map.`);
    else if (seen.has(text)) report(key, `The key "${text}" is in this map twice.`);
    else seen.add(text);
  }
}

function readsArguments(node: AstNode): boolean {
  const list = childrenOf(node)[1];
  const root = list === undefined ? undefined : selectionPath(list)?.[0];
  return !isRecordName(root);
}

/** `Did you mean …?`, if there is something to propose. */
export function didYouMean(proposal: string | undefined): string | undefined {
  return proposal === undefined ? undefined : `Did you mean \`${proposal}\`?`;
}

/** A type as an author calls it. */
export function typeName(type: string): string {
  return type
    .replaceAll("google.protobuf.Timestamp", "timestamp")
    .replaceAll("google.protobuf.Duration", "duration")
    .replaceAll("map<dyn, dyn>", "map")
    .replaceAll("list<dyn>", "list")
    .replaceAll(SAFE, "");
}
