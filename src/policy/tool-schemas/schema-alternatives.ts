import { isObject, type Json, type JsonObject } from "../../core/json.ts";

/** Schemas that hold together of one value. */
export interface Alternative {
  readonly schemas: readonly JsonObject[];
  /** Something in it was not understood: it may say more than `schemas` do. */
  readonly open: boolean;
}

/** Whether a name matches a pattern; `undefined` if the pattern cannot be used. */
export type PatternTest = (pattern: string, name: string) => boolean | undefined;

// Schemas come from upstreams: however they refer to themselves, one place of a document reads at most so many.
const MAX_ALTERNATIVES = 64;
const MAX_SCHEMAS = 64;
const MAX_REFERENCES = 32;
// A few levels that each refer to the next several times would be read more often than there is time for.
const MAX_STEPS = 5_000;

/** What the reading of one place may still take. */
interface Budget {
  left: number;
}

/** Keywords by which a schema says more than is read here. */
const NOT_UNDERSTOOD = ["if", "dependentSchemas", "dependencies", "$dynamicRef", "$recursiveRef"];

/**
 * Writes a choice of schemas as plain alternatives, with `$ref`, `allOf`, `anyOf` and `oneOf` taken apart. Each choice is
 * schemas that hold together. `undefined` if that would be too many. @throws never
 */
export function expand(choices: readonly (readonly Json[])[], root: JsonObject): readonly Alternative[] | undefined {
  const all: Alternative[] = [];
  const budget = { left: MAX_STEPS };
  for (const together of choices) {
    const expanded = expandAll(together, root, budget);
    if (expanded === undefined) return undefined;
    all.push(...expanded);
  }
  return all.length > MAX_ALTERNATIVES ? undefined : all;
}

function expandAll(together: readonly Json[], root: JsonObject, budget: Budget): readonly Alternative[] | undefined {
  let all: readonly Alternative[] | undefined = [{ schemas: [], open: false }];
  for (const schema of together) all = all && product(all, expandOne(schema, root, [], budget));
  return all;
}

function expandOne(
  schema: Json,
  root: JsonObject,
  within: readonly JsonObject[],
  budget: Budget,
): readonly Alternative[] | undefined {
  if (--budget.left < 0) return undefined;
  if (schema === false) return [];
  if (!isObject(schema)) return [{ schemas: [], open: schema !== true }];
  // A reference to what it stands in adds nothing that is not said already.
  if (within.includes(schema)) return [{ schemas: [], open: false }];
  if (within.length === MAX_REFERENCES) return undefined;
  const inside = [...within, schema];
  const open = NOT_UNDERSTOOD.some((keyword) => Object.hasOwn(schema, keyword));
  let all: readonly Alternative[] | undefined = [{ schemas: [schema], open }];

  const { $ref: reference, allOf } = schema;
  const parts: Json[] = Array.isArray(allOf) ? [...allOf] : [];
  if (reference !== undefined) parts.push(resolve(reference, root) ?? null);
  for (const part of parts) all = all && product(all, expandOne(part, root, inside, budget));
  for (const branches of [schema["anyOf"], schema["oneOf"]]) {
    if (!Array.isArray(branches) || branches.length === 0) continue;
    const choices: Alternative[] = [];
    for (const branch of branches) {
      const expanded = expandOne(branch, root, inside, budget);
      if (expanded === undefined) return undefined;
      choices.push(...expanded);
    }
    all = all && product(all, choices);
  }
  return all;
}

function product(
  left: readonly Alternative[],
  right: readonly Alternative[] | undefined,
): readonly Alternative[] | undefined {
  if (right === undefined || left.length * right.length > MAX_ALTERNATIVES) return undefined;
  const all = left.flatMap((a) =>
    right.map((b) => ({ schemas: [...new Set([...a.schemas, ...b.schemas])], open: a.open || b.open })),
  );
  return all.some(({ schemas }) => schemas.length > MAX_SCHEMAS) ? undefined : all;
}

// Only references within the document, as `#/$defs/name`: nothing is fetched.
function resolve(reference: Json, root: JsonObject): Json | undefined {
  if (reference === "#") return root;
  if (typeof reference !== "string" || !reference.startsWith("#/")) return undefined;
  let place: Json | undefined = root;
  for (const step of reference.slice(2).split("/")) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (isObject(place)) place = ownValue(place, key);
    else if (Array.isArray(place)) place = place[Number(key)];
    else return undefined;
  }
  return place;
}

/** A member of an object that is its own, not a prototype's. */
export function ownValue(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/**
 * Whether a schema's lengths, counted in characters, and its pattern let a text pass. JSON Schema 2020-12, validation §6.3
 */
export function allowsText({ minLength, maxLength, pattern }: JsonObject, text: string, matches: PatternTest): boolean {
  const length = [...text].length;
  if (typeof minLength === "number" && length < minLength) return false;
  if (typeof maxLength === "number" && length > maxLength) return false;
  return typeof pattern !== "string" || matches(pattern, text) !== false;
}
