import { canonicalJson, isObject, type Json, type JsonObject } from "../../core/json.ts";

/** What the protocol has in a definition; all else counts as `other`, so that no name of the server's gets anywhere. */
const FIELDS = ["title", "description", "inputSchema", "outputSchema", "annotations", "icons", "execution", "_meta"];
const HINTS = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] as const;

/**
 * What differs between two definitions of one tool: `fields`, by name, and `annotations`, each hint that is another one now
 * as `[before, now]` (`null` where nothing was said). Small, and without any text of the server's. MCP schema, `Tool`
 */
export function definitionDifference(before: JsonObject, now: JsonObject): JsonObject {
  const fields = FIELDS.filter((name) => differ(before[name], now[name]));
  if (differ(othersIn(before), othersIn(now))) fields.push("other");
  const [hintsBefore, hintsNow] = [hintsIn(before), hintsIn(now)];
  const changed = HINTS.filter((name) => hintsBefore[name] !== hintsNow[name]);
  const annotations = Object.fromEntries(changed.map((name) => [name, [hintsBefore[name], hintsNow[name]]]));
  return changed.length === 0 ? { fields } : { fields, annotations };
}

function differ(one: Json | undefined, other: Json | undefined): boolean {
  return canonicalJson(one) !== canonicalJson(other);
}

function othersIn(definition: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(definition).filter(([name]) => name !== "name" && !FIELDS.includes(name)));
}

function hintsIn({ annotations }: JsonObject): Readonly<Record<(typeof HINTS)[number], boolean | null>> {
  const said = isObject(annotations) ? annotations : {};
  const hint = (name: string): boolean | null => {
    const value = Object.hasOwn(said, name) ? said[name] : undefined;
    return typeof value === "boolean" ? value : null;
  };
  return {
    readOnlyHint: hint("readOnlyHint"),
    destructiveHint: hint("destructiveHint"),
    idempotentHint: hint("idempotentHint"),
    openWorldHint: hint("openWorldHint"),
  };
}
