import { type Refusal, refuse } from "../../core/errors.ts";
import { holdsValues, isObject, type Json, type JsonObject, pathStep } from "../../core/json.ts";
import { FoldedKeys, readsLikeAnother } from "../../core/keys.ts";
import type { ArgumentPath } from "../syntax/argument-paths.ts";
import { type Level, NamedLevels } from "./levels.ts";
import type { SchemaPatterns } from "./patterns.ts";
import { schemaOfPlaces } from "./places.ts";
import { SchemaDocument, type SchemaNode, type Terms } from "./shape.ts";

/** Why arguments are refused, though no policy refuses the call. */
export type ArgumentsRefusal = Refusal<"KEYS_AMBIGUOUS" | "PARAMS_INVALID">;

/**
 * Why these arguments must not go to a tool of this definition: a key that a reader could take for one that the schema or a
 * policy names, which it is not, or, where policies look, one that the schema does not allow
 * (`additionalProperties: false`). `looksAt`: the places of the arguments that policies read. @throws never
 */
export type ArgumentNameCheck = (
  definition: JsonObject,
  args: JsonObject,
  looksAt: readonly ArgumentPath[],
) => ArgumentsRefusal | undefined;

/** Schemas come from servers, and may lead in circles: looking a call through takes so many steps, and so many a key. */
const MAX_STEPS = 5_000;
const STEPS_PER_KEY = 24;
/** For holding keys against patterns, see `SchemaPatterns`. */
const MAX_PATTERN_STEPS = 100_000;
/** How many schemas deep one value may be described. */
const MAX_BESIDES = 32;

interface Known {
  readonly document: SchemaDocument;
  readonly levels: NamedLevels;
  readonly terms: Terms;
}

/** Makes the check. What it has read is kept as long as the definition, and the policies that read its arguments, are. */
export function createArgumentNameCheck(): ArgumentNameCheck {
  const known = new WeakMap<readonly ArgumentPath[], WeakMap<JsonObject, Known>>();
  return (definition, args, looksAt) => {
    let ofTools = known.get(looksAt);
    if (ofTools === undefined) {
      ofTools = new WeakMap();
      known.set(looksAt, ofTools);
    }
    let tool = ofTools.get(definition);
    if (tool === undefined) {
      tool = readSchemas(definition, looksAt);
      ofTools.set(definition, tool);
    }
    const { document, levels, terms } = tool;
    const { references, patterns } = document;
    levels.left = MAX_STEPS;
    patterns.left = MAX_PATTERN_STEPS;
    const alike = levels.root && findAlike(args, levels.root, levels, new FoldedKeys(), "params.arguments");
    const isBeyond = () => references.isBeyond || patterns.left < 0;
    if (levels.left < 0 || levels.isBeyond || levels.hasEndlessNames || isBeyond()) return TOO_INTRICATE;
    if (alike !== undefined || looksAt.length === 0) return alike;
    const walk = new Walk(patterns);
    const refusal = walk.check(args, terms, "params.arguments");
    return walk.left > 0 && !isBeyond() ? refusal : TOO_INTRICATE;
  };
}

function readSchemas(definition: JsonObject, looksAt: readonly ArgumentPath[]): Known {
  const schema = definition["inputSchema"];
  const document = new SchemaDocument(isObject(schema) ? schema : {});
  const schemas = [...(isObject(schema) ? [schema] : []), schemaOfPlaces(looksAt)];
  const levels = new NamedLevels(schemas, document.references, document.patterns);
  return { document, levels, terms: document.root };
}

const TOO_INTRICATE = refuse("PARAMS_INVALID", "The tool's schema is too intricate to check the arguments against it.");

// Paths are put together on the way out, as arguments that fit need none.
function findAlike(
  value: readonly Json[] | JsonObject,
  level: Level,
  levels: NamedLevels,
  keys: FoldedKeys,
  path: string,
): ArgumentsRefusal | undefined {
  if (levels.isSpent) return undefined;
  if (!isObject(value)) {
    for (let index = 0; index < value.length; index++) {
      const item = value[index];
      if (!holdsValues(item)) continue;
      levels.left += STEPS_PER_KEY;
      const inside = levels.at(level, index);
      const found = inside && findAlike(item, inside, levels, keys, `${path}[${index}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  for (const key of Object.keys(value)) {
    if (readsLikeAnother(key, level, keys)) {
      return refuse("KEYS_AMBIGUOUS", `At ${path}, a key reads like one of the tool's schema or of a policy.`);
    }
    const member = value[key];
    if (!holdsValues(member) || levels.isSpent) continue;
    levels.left += STEPS_PER_KEY;
    const inside = levels.under(level, key);
    const found = inside && findAlike(member, inside, levels, keys, `${path}${pathStep(key)}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Looks for keys that the schema does not allow. */
class Walk {
  left = MAX_STEPS;
  readonly #patterns: SchemaPatterns;

  constructor(patterns: SchemaPatterns) {
    this.#patterns = patterns;
  }

  // Paths are put together on the way out, as arguments that fit need none.
  check(value: readonly Json[] | JsonObject, terms: Terms, path: string): ArgumentsRefusal | undefined {
    if (terms.length === 0) return undefined;
    if (!isObject(value)) {
      for (let index = 0; index < value.length; index++) {
        const item = value[index];
        if (!holdsValues(item)) continue;
        this.left += STEPS_PER_KEY;
        const refusal = this.check(item, this.#at(terms, index), `${path}[${index}]`);
        if (refusal !== undefined) return refusal;
      }
      return undefined;
    }
    for (const key of Object.keys(value)) {
      this.left += STEPS_PER_KEY;
      if (!this.#allows(terms, key)) return notAllowed(key, path);
      const member = value[key];
      if (!holdsValues(member)) continue;
      const below = this.check(member, this.#under(terms, key), `${path}${pathStep(key)}`);
      if (below !== undefined) return below;
    }
    return undefined;
  }

  #allows(terms: Terms, key: string): boolean {
    // As nearly always: one schema says it all, and names the key.
    const [only] = terms;
    if (terms.length === 1 && only !== undefined && !("any" in only) && only.names(key) && only.besides.length === 0) {
      return true;
    }
    return this.#admits(terms, key, 0);
  }

  #admits(terms: Terms, key: string, depth: number): boolean {
    return terms.every((term) => {
      if (!this.#step(depth)) return false;
      if (!("any" in term)) return term.admits(key) && this.#admits(term.besides, key, depth + 1);
      const possible = fitting(term.any, "object");
      return possible.length === 0 || possible.some((branch) => this.#admits(branch, key, depth + 1));
    });
  }

  #under(terms: Terms, key: string): Terms {
    return this.#below(
      terms,
      0,
      (node) => node.under(key),
      (any) => fitting(any, "object").filter((branch) => this.#admits(branch, key, 0)),
    );
  }

  #at(terms: Terms, index: number): Terms {
    return this.#below(
      terms,
      0,
      (node) => node.at(index),
      (any) => fitting(any, "array"),
    );
  }

  #below(
    terms: Terms,
    depth: number,
    of: (node: SchemaNode) => Terms,
    choose: (any: readonly Terms[]) => readonly Terms[],
  ): Terms {
    return terms.flatMap((term): Terms => {
      if (!this.#step(depth)) return [];
      if (!("any" in term)) return [...of(term), ...this.#below(term.besides, depth + 1, of, choose)];
      const any = choose(term.any).map((branch) => this.#below(branch, depth + 1, of, choose));
      return any.some((branch) => branch.length > 0) ? [{ any }] : [];
    });
  }

  #step(depth: number): boolean {
    if (depth > MAX_BESIDES || this.#patterns.left < 0) this.left = 0;
    if (this.left > 0) this.left -= 1;
    return this.left > 0;
  }
}

/** The branches that a value of this kind may be one of. */
function fitting(any: readonly Terms[], kind: "object" | "array"): readonly Terms[] {
  return any.filter((branch) => branch.every((term) => "any" in term || term.canBe(kind)));
}

function notAllowed(key: string, path: string): ArgumentsRefusal {
  const detail = "The tool's schema has no such property, and policies look at the arguments.";
  return refuse("PARAMS_INVALID", `${path}${pathStep(key)}: ${detail}`);
}
