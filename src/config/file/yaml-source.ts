import { isAlias, isMap, isScalar, isSeq, type Node } from "yaml";
import type { Json } from "../../core/json.ts";
import { readYaml } from "../../core/read-yaml.ts";
import type { YamlProblem } from "../../core/survey-yaml.ts";

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
/** Characters of all places' paths together: each place is found by the whole of its path. */
const MAX_PATHS = 16_000_000;

/**
 * Reads YAML 1.2 with the place of every value. Where the text itself is wrong, `problems` say so and there is no value.
 * @throws never
 */
export function readSource(text: string): YamlSource {
  const yaml = readYaml(text);
  const places = new Map<string, YamlPlace>();
  const { position } = yaml;
  if (!yaml.ok) return { text, value: null, places, problems: yaml.problems.map(explain), position };
  const { document, targetOf } = yaml;
  const problems: SourceProblem[] = [];
  let paths = 0;

  function read(node: Node | null | undefined, path: YamlPath, key: YamlSpan | undefined, depth: number): Json {
    const value = spanOf(node) ?? key ?? { start: 0, end: 0 };
    const written = pathKey(path);
    paths += written.length;
    if (depth > MAX_DEPTH || paths > MAX_PATHS) {
      const message = depth > MAX_DEPTH ? "This is nested too deeply." : "The names of the keys are too long.";
      if (problems.length === 0) problems.push({ path, offset: value.start, message, hint: undefined });
      return null;
    }
    if (isAlias(node)) return read(asNode(targetOf(node)), path, key ?? value, depth + 1);
    const kind = isScalar(node) ? (typeof node.value === "string" ? "text" : "plain") : "collection";
    places.set(written, { path, key, value, kind });
    if (isMap(node)) {
      const entries: [string, Json][] = [];
      for (const pair of node.items) {
        const name = isScalar(pair.key) ? String(pair.key.value) : undefined;
        const span = isScalar(pair.key) || isSeq(pair.key) || isMap(pair.key) ? spanOf(pair.key) : undefined;
        if (name === undefined || name === "__proto__") {
          problems.push({ path, offset: span?.start, message: "This cannot be a key.", hint: undefined });
          continue;
        }
        entries.push([name, read(asNode(pair.value), [...path, name], span, depth + 1)]);
      }
      return Object.fromEntries(entries);
    }
    if (isSeq(node)) {
      return node.items.map((item, index) => read(asNode(item), [...path, index], undefined, depth + 1));
    }
    if (!isScalar(node)) return null;
    const { value: scalar } = node;
    return typeof scalar === "string" || typeof scalar === "number" || typeof scalar === "boolean" ? scalar : null;
  }

  return { text, value: read(document.contents, [], undefined, 0), places, problems, position };
}

function explain({ offset, code, message }: YamlProblem): SourceProblem {
  const hint = code === "DUPLICATE_KEY" ? "Keep one of the two." : undefined;
  return { path: [], offset, message, hint };
}

function asNode(item: unknown): Node | undefined {
  return isScalar(item) || isMap(item) || isSeq(item) || isAlias(item) ? item : undefined;
}

function spanOf(node: Node | null | undefined): YamlSpan | undefined {
  const range = node?.range;
  return range === undefined || range === null ? undefined : { start: range[0], end: range[1] };
}
