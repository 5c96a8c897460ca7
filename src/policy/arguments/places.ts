import type { Json, JsonObject } from "../../core/json.ts";
import type { ArgumentPath } from "../syntax/argument-paths.ts";

/** The places of the arguments that policies read, as a schema that names them. A position stands for every item. */
export function schemaOfPlaces(paths: readonly ArgumentPath[]): JsonObject {
  const byName = new Map<string, ArgumentPath[]>();
  const inEach: ArgumentPath[] = [];
  for (const [first, ...rest] of paths) {
    if (typeof first === "string") byName.set(first, [...(byName.get(first) ?? []), rest]);
    else if (first !== undefined) inEach.push(rest);
  }
  const schema: Record<string, Json> = {};
  if (byName.size > 0) {
    schema["properties"] = Object.fromEntries(Array.from(byName, ([name, rest]) => [name, schemaOfPlaces(rest)]));
  }
  if (inEach.length > 0) {
    const each = schemaOfPlaces(inEach);
    Object.assign(schema, { patternProperties: { "": each }, contains: each });
  }
  return schema;
}
