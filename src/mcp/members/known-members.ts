import { fold } from "../../core/fold.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { FoldedKeys } from "../../core/keys.ts";

/** The members that the protocol gives an object, by folded form, and what it has inside of some. */
interface Shape {
  readonly names: ReadonlyMap<string, string>;
  readonly inside: Readonly<Record<string, Shape>>;
}

function shape(names: string, inside: Readonly<Record<string, Shape>> = {}): Shape {
  return { names: new Map([...names.split(" "), ...Object.keys(inside)].map((name) => [fold(name), name])), inside };
}

const ICON = shape("src mimeType sizes theme");
const SCHEMA = shape("$schema type properties required additionalProperties");

/** Definitions of tools, prompts, resources and templates. 2026-07-28 schema, and `execution` of 2025-11-25 */
const DEFINITION = shape("name title description uri uriTemplate mimeType size _meta", {
  icons: ICON,
  annotations: shape("title readOnlyHint destructiveHint idempotentHint openWorldHint audience priority lastModified"),
  arguments: shape("name title description required", { icons: ICON }),
  execution: shape("taskSupport"),
  inputSchema: SCHEMA,
  outputSchema: SCHEMA,
});
/** Its keys are open, but no two of them may be one. */
const META = shape("progressToken");

/**
 * A definition without members that a reader could take for one of the protocol's (`Name`, `InputSchema`) or for another
 * member, in it and in the objects that the protocol has in it: clients that ignore case would see another tool than the one
 * that is decided on. The very same object where there are none. `keys`: the budget of the whole list. @throws never
 */
export function withoutLookalikes(definition: JsonObject, keys = new FoldedKeys()): JsonObject {
  return onlyKnown(definition, DEFINITION, keys);
}

function onlyKnown(object: JsonObject, { names, inside }: Shape, keys: FoldedKeys): JsonObject {
  const forms = new Set<string>();
  const kept: [string, Json | undefined][] = [];
  let changed = false;
  for (const [name, value] of Object.entries(object)) {
    const form = keys.of(name);
    // What is too much to be compared is left out.
    if (form === undefined || forms.has(form) || (names.get(form) ?? name) !== name) {
      changed = true;
      continue;
    }
    forms.add(form);
    const within = name === "_meta" ? META : Object.hasOwn(inside, name) ? inside[name] : undefined;
    const member = within === undefined || value === undefined ? value : onlyKnownIn(value, within, keys);
    if (member !== value) changed = true;
    kept.push([name, member]);
  }
  return changed ? Object.fromEntries(kept) : object;
}

function onlyKnownIn(value: Json, within: Shape, keys: FoldedKeys): Json {
  if (isObject(value)) return onlyKnown(value, within, keys);
  if (!Array.isArray(value)) return value;
  const items = value.map((item: Json) => (isObject(item) ? onlyKnown(item, within, keys) : item));
  return items.some((item, index) => item !== value[index]) ? items : value;
}
