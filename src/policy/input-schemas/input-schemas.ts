import type { ErrorObject } from "ajv";
import { LRUCache } from "lru-cache";
import { digestOf } from "../../core/digest.ts";
import { withDoubles } from "../../core/exact-json.ts";
import { isObject, type Json, type JsonObject, pathStep } from "../../core/json.ts";
import { compileSchema, type SchemaTest } from "./compile-schema.ts";
import { copySchema } from "./schema-copy.ts";

/** Whether arguments are what their tool's schema allows. */
export type ArgumentFit =
  | { readonly kind: "fits" }
  /** Sentences, at most 20: each names a place and a rule, and no value. */
  | { readonly kind: "misfits"; readonly misfits: readonly string[] }
  /** Nobody can tell, and why, as the end of a sentence. */
  | { readonly kind: "unknown"; readonly reason: string };

/** Holds arguments against the schemas that tools give for them. */
export interface InputSchemas {
  /** `inputSchema` is compiled once as long as it is in use. @throws never */
  fit(inputSchema: Json | undefined, given: JsonObject): ArgumentFit;
}

/** More are not told one by one: the schema and the arguments are others' to write. */
const MAX_TOLD = 20;

/** Why arguments cannot be held against a schema that can be used. */
const UNTOLD = {
  "too dear": "holding the arguments against it takes too long",
  failed: "these arguments cannot be held against it",
} as const;

/** Schemas that are kept, and their sizes together; one that is no schema is kept as such. */
const KEPT = { max: 500, maxSize: 50_000 };

type Compiled = { readonly ok: true; readonly test: SchemaTest } | { readonly ok: false; readonly reason: string };

/** Makes a validator that has compiled nothing yet. */
export function createInputSchemas(): InputSchemas {
  const byText = new LRUCache<string, Compiled>(KEPT);
  // Definitions are the same objects from call to call.
  const keys = new WeakMap<JsonObject, string>();
  const compiledOf = (schema: JsonObject): Compiled => {
    const key = keys.get(schema) ?? digestOf(schema);
    keys.set(schema, key);
    const known = byText.get(key);
    if (known !== undefined) return known;
    const { size, compiled } = compile(schema);
    byText.set(key, compiled, { size });
    return compiled;
  };
  return {
    fit(inputSchema, given) {
      if (!isObject(inputSchema)) return { kind: "unknown", reason: "it has no schema" };
      const compiled = compiledOf(inputSchema);
      if (!compiled.ok) return { kind: "unknown", reason: compiled.reason };
      const errors = compiled.test(withDoubles(given));
      if (typeof errors === "string") return { kind: "unknown", reason: UNTOLD[errors] };
      return errors.length === 0 ? { kind: "fits" } : { kind: "misfits", misfits: toldOf(errors) };
    },
  };
}

function compile(schema: JsonObject): { readonly compiled: Compiled; readonly size: number } {
  const copy = copySchema(withDoubles(schema));
  if (!copy.ok) return { compiled: copy, size: 1 };
  try {
    return { compiled: { ok: true, test: compileSchema(copy) }, size: copy.size };
  } catch {
    // Its message could quote the schema.
    return { compiled: { ok: false, reason: "it is not valid, or has a pattern that cannot be used" }, size: 1 };
  }
}

function toldOf(errors: readonly ErrorObject[]): readonly string[] {
  // What one branch of several misses says less than that none of them fits.
  const outer = errors.filter(({ keyword }) => keyword === "anyOf" || keyword === "oneOf" || keyword === "if");
  const branches = outer.map(({ schemaPath }) => `${schemaPath.slice(0, schemaPath.lastIndexOf("/"))}/`);
  const told = new Set<string>();
  for (const error of errors) {
    if (told.size >= MAX_TOLD) break;
    const inBranch = branches.some(
      (path) => error.schemaPath.startsWith(path) && !outer.includes(error) && isBranch(error, path),
    );
    if (!inBranch) told.add(textOf(error));
  }
  return [...told];
}

function isBranch({ schemaPath }: ErrorObject, path: string): boolean {
  return /^(?:anyOf|oneOf|then|else)\//.test(schemaPath.slice(path.length));
}

function textOf({ keyword, instancePath, params }: ErrorObject): string {
  const place = placeOf(instancePath);
  const below = (name: unknown): string => placed(place + pathStep(String(name)));
  switch (keyword) {
    case "required":
      return `${below(params["missingProperty"])} is missing: the tool needs it.`;
    case "additionalProperties":
      return `${below(params["additionalProperty"])} is no argument of this tool.`;
    case "unevaluatedProperties":
      return `${below(params["unevaluatedProperty"])} is no argument of this tool.`;
    case "type":
      return `${placed(place)} is not of the type ${[params["type"]].flat().join(" or ")}.`;
    case "false schema":
      return `${placed(place)} is no argument of this tool.`;
    default:
      return `${placed(place)} breaks the rule ${keyword} of the tool.`;
  }
}

/** `/items/0/price` as `.items[0].price`. A name that could be data is `[?]`. */
function placeOf(instancePath: string): string {
  const steps = instancePath.split("/").slice(1);
  return steps
    .map((step) => (/^\d+$/.test(step) ? `[${step}]` : pathStep(step.replaceAll("~1", "/").replaceAll("~0", "~"))))
    .join("");
}

function placed(place: string): string {
  if (place === "") return "The object of all arguments";
  return place.startsWith(".") ? place.slice(1) : place;
}
