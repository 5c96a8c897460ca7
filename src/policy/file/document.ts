import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node, visit } from "yaml";
import { digitsOf, ExactNumber } from "../../core/exact-number.ts";
import { readYaml } from "../../core/read-yaml.ts";
import type { YamlProblem } from "../../core/survey-yaml.ts";
import type { PolicyError, PolicyFile } from "../policy-set.ts";
import { type ScalarStyle, scalarOffsets } from "./scalar-offsets.ts";

/** Where something stands in a file; both count from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export type DocumentPath = readonly PropertyKey[];

/** A policy file that is YAML: its value, and the way back from the value to the text. */
export interface PolicyDocument {
  readonly value: unknown;
  /** Values and names in it, those behind an alias counted wherever it stands. */
  readonly values: number;
  /** Where the value at `path` starts; for a path that the file does not have, the closest thing above it. */
  locate(path: DocumentPath): Position;
  /** Where the key of `path` starts. */
  locateKey(path: DocumentPath): Position;
  /** The line on which the value at `path` ends, without comments and empty lines behind it. */
  lastLine(path: DocumentPath): number;
  /** Where the character at `offset` of the text at `path` stands. */
  locateInText(path: DocumentPath, offset: number): Position;
}

export type ReadDocument =
  | { readonly ok: true; readonly document: PolicyDocument }
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

const BLOCK_HINT = "If this is a condition, write it below `when: |`, where YAML leaves every character alone.";

/**
 * Parses one file. Warnings count as errors: `when: !has(args.note)` is a tag to YAML, and the condition would be lost.
 * @throws never
 */
export function readDocument(file: PolicyFile): ReadDocument {
  const read = readYaml(file.text);
  const { position } = read;
  const problems = read.ok ? read.warnings : read.problems;
  if (!read.ok || problems.length > 0) {
    const errors = problems.map((found) => ({ file: file.name, ...position(found.offset), ...explain(found) }));
    return { ok: false, errors };
  }
  const { document: parsed, targetOf } = read;
  // How much aliases add up to has been looked at.
  const value: unknown = parsed.toJS({ maxAliasCount: -1 });
  const rounded = roundedIn(parsed);
  if (rounded !== undefined) {
    const message = `The number ${rounded.source} has more digits than a double, and would be read as ${digitsOf(rounded.value)}.`;
    const at = position(rounded.offset);
    return { ok: false, errors: [{ file: file.name, ...at, message, hint: "Write a number that a call can have." }] };
  }

  function nodesAlong(path: DocumentPath): { readonly node: Node | undefined; readonly key: Node | undefined } {
    let node: unknown = parsed.contents;
    let key: Node | undefined;
    for (const step of path) {
      if (isAlias(node)) node = targetOf(node);
      if (isMap(node)) {
        const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step);
        if (pair === undefined) break;
        if (isScalar(pair.key)) key = pair.key;
        node = pair.value ?? pair.key;
      } else if (isSeq(node) && typeof step === "number" && node.items[step] !== undefined) {
        node = node.items[step];
        key = undefined;
      } else break;
    }
    return { node: isNode(node) ? node : undefined, key };
  }

  const document: PolicyDocument = {
    value,
    values: read.values,
    locate: (path) => position(nodesAlong(path).node?.range?.[0] ?? 0),
    locateKey(path) {
      const { node, key } = nodesAlong(path);
      return position((key ?? node)?.range?.[0] ?? 0);
    },
    lastLine(path) {
      const [start = 0, end = start] = nodesAlong(path).node?.range ?? [];
      // A block ends where the next one begins.
      return position(start + Math.max(0, file.text.slice(start, end).trimEnd().length - 1)).line;
    },
    locateInText(path, offset) {
      const { node: found } = nodesAlong(path);
      const node = isAlias(found) ? targetOf(found) : found;
      const range = node?.range;
      if (!isScalar(node) || typeof node.value !== "string" || range === undefined || range === null) {
        return position(range?.[0] ?? 0);
      }
      const offsets = scalarOffsets(file.text.slice(range[0], range[1]), node.value, styleOf(node.type));
      return position(range[0] + (offsets[Math.min(offset, offsets.length - 1)] ?? 0));
    },
  };
  return { ok: true, document };
}

/** The first number that would be read as another one. */
function roundedIn(
  document: Document,
): { readonly source: string; readonly value: number; readonly offset: number } | undefined {
  let found: ReturnType<typeof roundedIn>;
  visit(document, {
    Scalar(_key, { value, source, range }) {
      if (typeof value !== "number" || !Number.isFinite(value) || Math.abs(value) <= Number.MAX_SAFE_INTEGER)
        return undefined;
      if (source === undefined || new ExactNumber(source).isDouble) return undefined;
      found = { source, value, offset: range?.[0] ?? 0 };
      return visit.BREAK;
    },
  });
  return found;
}

function styleOf(type: string | null | undefined): ScalarStyle {
  switch (type) {
    case "BLOCK_LITERAL":
    case "BLOCK_FOLDED":
    case "QUOTE_SINGLE":
    case "QUOTE_DOUBLE":
      return type;
    default:
      return "PLAIN";
  }
}

function explain({ code, message }: YamlProblem): { readonly message: string; readonly hint: string | undefined } {
  switch (code) {
    case "DUPLICATE_KEY":
      return { message, hint: "Keep one of the two." };
    case "TAG_RESOLVE_FAILED":
      return { message: "YAML reads `!` as the start of a tag.", hint: BLOCK_HINT };
    case "TAB_AS_INDENT":
      return { message: "YAML does not allow tabs for indentation.", hint: "Use spaces." };
    case "MULTIPLE_DOCS":
      return { message, hint: "Put the policies into one list." };
    case "LIMIT":
      return { message, hint: "Split it up." };
    case "BAD_ALIAS":
    case "KEY":
      return { message, hint: undefined };
    default:
      return { message, hint: BLOCK_HINT };
  }
}
