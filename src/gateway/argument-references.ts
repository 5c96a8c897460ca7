import { isObject, type Json, type JsonObject } from "../core/json.ts";

/** Of a document that does not say where it is from; never asked for. */
const DOCUMENT = "schema://document/";

/** Keywords whose members are schemas under names that are free. */
const MAPS: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "$defs",
  "definitions",
  "dependentSchemas",
  "dependencies",
]);
/** Keywords that hold data, and no schemas. */
const DATA: ReadonlySet<string> = new Set(["enum", "const", "default", "examples"]);

interface Place {
  readonly value: Json | undefined;
  readonly base: string;
  readonly isMap: boolean;
}

/**
 * Where references of one schema document lead within it; nothing is ever fetched to decide a call. Pointers, `$anchor`,
 * `$dynamicAnchor` and embedded `$id`. JSON Schema 2020-12 core, 8.2; draft-07, 8.
 */
export class SchemaReferences {
  /** Every schema of the document. */
  readonly schemas: readonly JsonObject[];
  readonly #root: JsonObject;
  readonly #bases = new Map<JsonObject, string>();
  readonly #resources = new Map<string, JsonObject>();
  readonly #anchors = new Map<string, JsonObject>();
  readonly #dynamic = new Map<string, JsonObject[]>();

  constructor(root: JsonObject) {
    this.#root = root;
    this.#resources.set(DOCUMENT, root);
    const open: Place[] = [{ value: root, base: DOCUMENT, isMap: false }];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      const { value, isMap } = place;
      if (Array.isArray(value)) for (const item of value) open.push({ ...place, value: item, isMap: false });
      if (!isObject(value)) continue;
      if (!isMap && this.#bases.has(value)) continue;
      const base = isMap ? place.base : this.#add(value, place.base);
      for (const [name, member] of Object.entries(value)) {
        if (typeof member !== "object" || member === null || (!isMap && DATA.has(name))) continue;
        open.push({ value: member, base, isMap: !isMap && MAPS.has(name) });
      }
    }
    this.schemas = [...this.#bases.keys()];
  }

  /** What a `$ref` of this schema leads to; `undefined` if that is not in the document. */
  target(from: JsonObject, reference: Json | undefined): Json | undefined {
    if (typeof reference !== "string") return undefined;
    const [uri, fragment] = split(reference);
    const base = absolute(uri, this.#bases.get(from) ?? DOCUMENT);
    const resource = base === undefined ? undefined : this.#resources.get(base);
    if (resource === undefined) return undefined;
    const name = decoded(fragment);
    if (name === "") return resource;
    if (!name.startsWith("/")) return this.#anchors.get(`${base}#${name}`);
    // Some writers count from the document, whatever `$id` stands between, and some do not encode.
    return follow(resource, name) ?? follow(resource, fragment) ?? follow(this.#root, name);
  }

  /** All that a `$dynamicRef` or `$recursiveRef` of this schema may lead to, whatever led to it. */
  dynamicTargets(from: JsonObject, reference: Json | undefined): readonly Json[] {
    if (typeof reference !== "string") return [];
    const target = this.target(from, reference);
    const named = this.#dynamic.get(decoded(split(reference)[1])) ?? [];
    return [...new Set(target === undefined ? named : [target, ...named])];
  }

  #add(schema: JsonObject, around: string): string {
    const { $id, $anchor, $dynamicAnchor, $recursiveAnchor } = schema;
    let base = around;
    if (typeof $id === "string") {
      const [uri, fragment] = split($id);
      base = absolute(uri, around) ?? around;
      if (uri !== "" && !this.#resources.has(base)) this.#resources.set(base, schema);
      // Before 2019-09 an anchor was an `$id` of a fragment alone.
      if (fragment !== "") this.#anchors.set(`${base}#${decoded(fragment)}`, schema);
    }
    for (const anchor of [$anchor, $dynamicAnchor]) {
      if (typeof anchor === "string") this.#anchors.set(`${base}#${anchor}`, schema);
    }
    const dynamic = $recursiveAnchor === true ? "" : $dynamicAnchor;
    if (typeof dynamic === "string") this.#dynamic.set(dynamic, [...(this.#dynamic.get(dynamic) ?? []), schema]);
    this.#bases.set(schema, base);
    return base;
  }
}

function split(reference: string): readonly [uri: string, fragment: string] {
  const hash = reference.indexOf("#");
  return hash < 0 ? [reference, ""] : [reference.slice(0, hash), reference.slice(hash + 1)];
}

function absolute(uri: string, base: string): string | undefined {
  if (uri === "") return base;
  return URL.canParse(uri, base) ? new URL(uri, base).href : undefined;
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    // Not encoded at all: a name may hold a percent sign.
    return fragment;
  }
}

/** Follows a JSON Pointer, RFC 6901. */
function follow(from: JsonObject, pointer: string): Json | undefined {
  let place: Json | undefined = from;
  for (const step of pointer.slice(1).split("/")) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(place)) place = /^\d+$/.test(name) ? place[Number(name)] : undefined;
    else place = isObject(place) && Object.hasOwn(place, name) ? place[name] : undefined;
  }
  return place;
}
