import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Json } from "../../core/json.ts";

export type YamlPath = readonly (string | number)[];

/** Offsets into the text, end exclusive. */
export interface YamlSpan {
  readonly start: number;
  readonly end: number;
}

/** Where one value stands. The root and items of lists have no key. */
export interface YamlPlace {
  readonly path: YamlPath;
  readonly key: YamlSpan | undefined;
  readonly value: YamlSpan;
  /** `text`: a string scalar, which may be a secret. */
  readonly kind: "text" | "plain" | "collection";
}

/** A mistake found while reading: at an offset if it is about the text, at a path if it is about a value. */
export interface SourceProblem {
  readonly path: YamlPath;
  readonly offset: number | undefined;
  readonly message: string;
  readonly hint: string | undefined;
}

export interface YamlSource {
  readonly text: string;
  readonly value: Json;
  /** By `pathKey`. */
  readonly places: ReadonlyMap<string, YamlPlace>;
  readonly problems: readonly SourceProblem[];
  /** Line and column of an offset, from 1. */
  position(offset: number): { readonly line: number; readonly column: number };
}

/** A path as a map key. */
export function pathKey(path: YamlPath): string {
  return JSON.stringify(path);
}

const MAX_DEPTH = 32;
const MAX_NODES = 100_000;

/** Reads YAML 1.2 with the place of every value. Never stops at the first mistake. @throws never */
export function readYaml(text: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const places = new Map<string, YamlPlace>();
  const problems: SourceProblem[] = document.errors.map((error) => ({
    path: [],
    offset: error.pos[0],
    message: `This is not valid YAML: ${error.message}`,
    hint: error.code === "DUPLICATE_KEY" ? "Keep one of the two." : undefined,
  }));
  let nodes = 0;

  function read(node: Node | null | undefined, path: YamlPath, key: YamlSpan | undefined, depth: number): Json {
    const value = spanOf(node) ?? key ?? { start: 0, end: 0 };
    // An alias may stand for a large or a circular part of the file.
    if (depth > MAX_DEPTH || ++nodes > MAX_NODES) {
      const message = depth > MAX_DEPTH ? "This is nested too deeply." : "The file holds too many values.";
      if (nodes <= MAX_NODES + 1) problems.push({ path, offset: value.start, message, hint: undefined });
      return null;
    }
    if (isAlias(node)) return read(node.resolve(document), path, key ?? value, depth + 1);
    const kind = isScalar(node) ? (typeof node.value === "string" ? "text" : "plain") : "collection";
    places.set(pathKey(path), { path, key, value, kind });
    if (isMap(node)) {
      const entries: [string, Json][] = [];
      for (const pair of node.items) {
        const name = isScalar(pair.key) ? String(pair.key.value) : undefined;
        const span = isScalar(pair.key) || isSeq(pair.key) || isMap(pair.key) ? spanOf(pair.key) : undefined;
        if (name === undefined || name === "__proto__") {
          problems.push({ path, offset: span?.start, message: "This cannot be a key.", hint: undefined });
          continue;
        }
        const inner = pair.value;
        const child = isScalar(inner) || isMap(inner) || isSeq(inner) || isAlias(inner) ? inner : undefined;
        entries.push([name, read(child, [...path, name], span, depth + 1)]);
      }
      return Object.fromEntries(entries);
    }
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const child = isScalar(item) || isMap(item) || isSeq(item) || isAlias(item) ? item : undefined;
        return read(child, [...path, index], undefined, depth + 1);
      });
    }
    if (!isScalar(node)) return null;
    const { value: scalar } = node;
    return typeof scalar === "string" || typeof scalar === "number" || typeof scalar === "boolean" ? scalar : null;
  }

  return {
    text,
    value: read(document.contents, [], undefined, 0),
    places,
    problems,
    position: (offset) => {
      const { line, col } = lines.linePos(Math.min(offset, text.length));
      return { line: Math.max(line, 1), column: Math.max(col, 1) };
    },
  };
}

function spanOf(node: Node | null | undefined): YamlSpan | undefined {
  const range = node?.range;
  return range === undefined || range === null ? undefined : { start: range[0], end: range[1] };
}
