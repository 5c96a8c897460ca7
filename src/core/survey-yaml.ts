import { type Alias, isAlias, isCollection, isMap, isScalar, isSeq, type Node } from "yaml";
import { grouped } from "./counted.ts";

/** What a file of YAML may hold. `docs/limits.md` lists it. */
export const YAML_LIMITS = {
  /** Values and names, those behind an alias counted wherever it stands. */
  maxValues: 100_000,
  /** Lists and maps around a value, through aliases too. */
  maxDepth: 100,
  /** Anchors and aliases. */
  maxAliases: 1_000,
  /** What the text is made of: texts, marks (`-`, `:`, `,`, brackets), line ends, escapes, comments. */
  maxTokens: 250_000,
  /** Characters of a name. */
  maxName: 1_024,
};

/** A mistake in the text. `code` is the parser's own, or what was found beside it. */
export interface YamlProblem {
  readonly offset: number;
  readonly code: string;
  readonly message: string;
}

/** More mistakes of one file than these are not told. */
export const MAX_PROBLEMS = 100;

/** A mistake at a place. */
export function yamlProblem(offset: number, code: string, message: string): YamlProblem {
  return { offset, code, message };
}

/** What is wrong with lists in lists in lists. */
export const DEEP = `is nested more than ${YAML_LIMITS.maxDepth} deep`;

/** Says that a file goes beyond a bound. */
export function limit(offset: number, what: string): YamlProblem {
  return yamlProblem(offset, "LIMIT", `The file ${what}.`);
}

/** A number as people read it. */
export function number(count: number): string {
  return grouped(count);
}

/** What a value comes to with all that its aliases stand for. */
interface Extent {
  readonly values: number;
  /** Levels in it. */
  readonly height: number;
}

const ONE: Extent = { values: 1, height: 0 };

/** Looks at every node once: names, what aliases stand for, and how large everything is with it. The depth is bounded. */
export function survey(contents: Node | null) {
  const { maxValues, maxDepth, maxAliases, maxName } = YAML_LIMITS;
  const problems: YamlProblem[] = [];
  const targets = new Map<Alias, Node>();
  // Anchors may be given anew: an alias means the last one before it. `undefined`: what it stands for has not ended yet.
  const anchors = new Map<string, { readonly node: Node; extent: Extent | undefined }>();
  let aliases = 0;

  function look(node: Node, depth: number): Extent {
    if (isAlias(node)) return follow(node, depth);
    const { anchor } = node as { anchor?: string };
    const anchored = anchor === undefined ? undefined : { node, extent: undefined as Extent | undefined };
    if (anchor !== undefined && anchored !== undefined) {
      count(node);
      anchors.set(anchor, anchored);
    }
    const extent = extentOf(node, depth);
    if (anchored !== undefined) anchored.extent = extent;
    return extent;
  }

  function count(node: Node): void {
    aliases += 1;
    if (aliases === maxAliases + 1) {
      problems.push(limit(startOf(node), `has more than ${number(maxAliases)} anchors and aliases`));
    }
  }

  function follow(alias: Alias, depth: number): Extent {
    count(alias);
    const anchored = anchors.get(alias.source);
    const offset = startOf(alias);
    if (anchored === undefined) {
      problems.push(
        yamlProblem(offset, "BAD_ALIAS", `There is no anchor &${alias.source.slice(0, 64)} before this alias.`),
      );
    } else if (anchored.extent === undefined) {
      problems.push(yamlProblem(offset, "BAD_ALIAS", "This alias stands in what it stands for."));
    } else {
      targets.set(alias, anchored.node);
      if (depth + anchored.extent.height > maxDepth) problems.push(limit(offset, DEEP));
      return anchored.extent;
    }
    return ONE;
  }

  function extentOf(node: Node, depth: number): Extent {
    if (!isCollection(node)) return ONE;
    let values = 1;
    let height = 0;
    const add = (item: unknown): void => {
      const inner = isScalar(item) || isCollection(item) || isAlias(item) ? look(item, depth + 1) : ONE;
      values += inner.values;
      height = Math.max(height, inner.height + 1);
      if (values > maxValues && problems.length === 0) problems.push(limit(startOf(node), MANY));
    };
    if (isSeq(node)) for (const item of node.items) add(item);
    const names = new Set<string>();
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        values += 1;
        checkName(key, names, node);
        add(value);
        if (problems.length > MAX_PROBLEMS) break;
      }
    }
    return { values, height };
  }

  function checkName(key: unknown, names: Set<string>, map: Node): void {
    const offset = isScalar(key) || isCollection(key) || isAlias(key) ? startOf(key) : startOf(map);
    // An anchor at a name: it counts, too.
    if (isScalar(key)) look(key, 0);
    const name = isScalar(key) ? String(key.value ?? "") : undefined;
    if (name === undefined) problems.push(yamlProblem(offset, "KEY", "This cannot be a key."));
    else if (name.length > maxName)
      problems.push(limit(offset, `has a name of more than ${number(maxName)} characters`));
    else if (names.has(name)) problems.push(yamlProblem(offset, "DUPLICATE_KEY", "This key is here twice."));
    else names.add(name);
  }

  const { values } = contents === null ? ONE : look(contents, 0);
  return { problems, targets, values };
}

const MANY = `holds more than ${number(YAML_LIMITS.maxValues)} values and names`;

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
