import { fold } from "../core/fold.ts";
import { isObject, type Json, type JsonObject } from "../core/json.ts";

/** Members that the protocol has in definitions of tools, prompts, resources and templates. 2026-07-28 schema */
const DEFINITION = namesByForm([
  ..."name title description icons _meta annotations inputSchema outputSchema execution".split(" "),
  ..."arguments uri uriTemplate mimeType size".split(" "),
]);
/** Those of `annotations`. */
const ANNOTATIONS = namesByForm([
  ..."title readOnlyHint destructiveHint idempotentHint openWorldHint audience priority lastModified".split(" "),
]);

/**
 * A definition without members that a reader could take for one of the protocol's (`Name`, `InputSchema`) or for another
 * member, in it and in its `annotations`: clients that ignore case would see another tool than the one that is decided on.
 * The very same object where there are none. @throws never
 */
export function withoutLookalikes(definition: JsonObject): JsonObject {
  const kept = onlyDistinct(definition, DEFINITION);
  const { annotations } = kept;
  if (!isObject(annotations)) return kept;
  const hints = onlyDistinct(annotations, ANNOTATIONS);
  return hints === annotations ? kept : { ...kept, annotations: hints };
}

function onlyDistinct(object: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  const forms = new Set<string>();
  const kept: [string, Json | undefined][] = [];
  const members = Object.entries(object);
  for (const member of members) {
    const form = fold(member[0]);
    if (forms.has(form) || (names.get(form) ?? member[0]) !== member[0]) continue;
    forms.add(form);
    kept.push(member);
  }
  return kept.length === members.length ? object : Object.fromEntries(kept);
}

function namesByForm(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(names.map((name) => [fold(name), name]));
}
