import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { EVERYWHERE, type Range, rangeOf } from "./number-range.ts";
import type { PatternTest } from "./schema-alternatives.ts";
import { repeated, type Shape, shapeOfPattern } from "./text-shape.ts";

const SIZES = {
  string: { least: "minLength", most: "maxLength" },
  array: { least: "minItems", most: "maxItems" },
  object: { least: "minProperties", most: "maxProperties" },
} as const;

/**
 * How many characters a text, items a list, or members an object has that satisfies all of `schemas`. JSON Schema 2020-12,
 * validation §6.3 to §6.5
 */
export function sizeOf(schemas: readonly JsonObject[], kind: string | undefined): Range {
  if (kind !== "string" && kind !== "array" && kind !== "object") return EVERYWHERE;
  const { least, most } = SIZES[kind];
  const limits = schemas.map((schema) => ({ minimum: schema[least] ?? 0, maximum: schema[most] }));
  return rangeOf(kind === "object" ? [...limits, ...membersOf(schemas)] : limits);
}

function membersOf(schemas: readonly JsonObject[]): readonly JsonObject[] {
  const required = schemas.flatMap(({ required: names }): readonly Json[] => (Array.isArray(names) ? names : []));
  const closed = schemas.flatMap(({ properties, patternProperties, additionalProperties }) =>
    additionalProperties === false && patternProperties === undefined
      ? [{ maximum: isObject(properties) ? Object.keys(properties).length : 0 }]
      : [],
  );
  return [{ minimum: new Set(required).size }, ...closed];
}

/** What a text looks like that satisfies all of `schemas`. One pattern says so; without any its lengths do. */
export function shapeOf(schemas: readonly JsonObject[], matches: PatternTest): Shape | undefined {
  for (const { pattern } of schemas) {
    const shape = typeof pattern === "string" ? shapeOfPattern(pattern, matches) : undefined;
    if (shape !== undefined) return shape;
  }
  const { low: least, high } = sizeOf(schemas, "string");
  const low = Math.max(0, least);
  const isSaid = low > 0 || high !== Number.POSITIVE_INFINITY;
  return isSaid ? repeated(() => true, Math.ceil(low), Math.floor(high)) : undefined;
}
