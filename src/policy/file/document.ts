import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLError } from "yaml";
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
  const lines = new LineCounter();
  const parsed = parseDocument(file.text, { lineCounter: lines, prettyErrors: false, version: "1.2", schema: "core" });
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.min(offset, file.text.length));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };

  const problems = [...parsed.errors, ...parsed.warnings];
  if (problems.length > 0) {
    const errors = problems.map((error) => ({ file: file.name, ...position(error.pos[0]), ...explain(error) }));
    return { ok: false, errors };
  }
  let value: unknown;
  try {
    value = parsed.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const message = error instanceof Error ? `The YAML cannot be read: ${error.message}.` : "The YAML cannot be read.";
    return { ok: false, errors: [{ file: file.name, line: 1, column: 1, message, hint: undefined }] };
  }

  function nodesAlong(path: DocumentPath): { readonly node: Node | undefined; readonly key: Node | undefined } {
    let node: unknown = parsed.contents;
    let key: Node | undefined;
    for (const step of path) {
      if (isAlias(node)) node = node.resolve(parsed);
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
      const node = isAlias(found) ? found.resolve(parsed) : found;
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

function explain(error: YAMLError): { readonly message: string; readonly hint: string | undefined } {
  switch (error.code) {
    case "DUPLICATE_KEY":
      return { message: "This key is here twice.", hint: "Keep one of the two." };
    case "TAG_RESOLVE_FAILED":
      return { message: "YAML reads `!` as the start of a tag.", hint: BLOCK_HINT };
    case "TAB_AS_INDENT":
      return { message: "YAML does not allow tabs for indentation.", hint: "Use spaces." };
    case "MULTIPLE_DOCS":
      return { message: "The file holds several YAML documents.", hint: "Put the policies into one list." };
    default:
      return { message: `This is not valid YAML: ${error.message}.`, hint: BLOCK_HINT };
  }
}
