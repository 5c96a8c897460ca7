import { isObject, type Json, type JsonObject } from "../../core/json.ts";

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

/**
 * Reading one document, once and for all, takes so many steps of about 0.3 µs: a step for each value in it, and what
 * references take by their lengths.
 */
const MAX_STEPS = 200_000;
const STEPS_PER_URI = 20;
const CHARACTERS_PER_STEP = 8;

/** Where the references of one schema lead. */
export interface Referred {
  /** All that they may lead to. */
  readonly targets: readonly Json[];
  /** Of these, what they lead to whatever led to them. */
  readonly certain: readonly Json[];
  /** Whether each of them leads somewhere. */
  readonly all: boolean;
}

/** Of a schema without references, as nearly all are. */
const NOWHERE: Referred = { targets: [], certain: [], all: true };

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
  readonly #referred = new Map<JsonObject, Referred>();
  #left = MAX_STEPS;

  constructor(root: JsonObject) {
    this.#root = root;
    this.#resources.set(DOCUMENT, root);
    const open: Place[] = [{ value: root, base: DOCUMENT, isMap: false }];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (!this.spend(1)) break;
      const { value, isMap } = place;
      if (Array.isArray(value)) for (const item of value) open.push({ value: item, base: place.base, isMap: false });
      if (!isObject(value)) continue;
      if (!isMap && this.#bases.has(value)) continue;
      const base = isMap ? place.base : this.#add(value, place.base);
      for (const name in value) {
        const member = value[name];
        if (typeof member !== "object" || member === null || (!isMap && DATA.has(name))) continue;
        open.push({ value: member, base, isMap: !isMap && MAPS.has(name) });
      }
    }
    this.schemas = [...this.#bases.keys()];
  }

  /** Whether there was more to read than is read of a document: what it says is not known then. */
  get isBeyond(): boolean {
    return this.#left < 0;
  }

  /** Counts so many steps. Whether there were as many left. */
  spend(steps: number): boolean {
    if (this.#left >= 0) this.#left -= steps;
    return this.#left >= 0;
  }

  /** Where the references of this schema lead. */
  referred(schema: JsonObject): Referred {
    const before = this.#referred.get(schema);
    if (before !== undefined) return before;
    const { $ref, $dynamicRef, $recursiveRef } = schema;
    if ($ref === undefined && $dynamicRef === undefined && $recursiveRef === undefined) return NOWHERE;
    const found = [
      ...($ref === undefined ? [] : [this.#targets(schema, $ref)]),
      ...[$dynamicRef, $recursiveRef].flatMap((reference) =>
        reference === undefined ? [] : [this.#dynamicTargets(schema, reference)],
      ),
    ];
    const referred = {
      targets: found.flat(),
      certain: found.filter(({ length }) => length === 1).flat(),
      all: found.every(({ length }) => length > 0),
    };
    this.#referred.set(schema, referred);
    return referred;
  }

  /** What a `$ref` of this schema leads to within the document: one value or none. */
  #targets(from: JsonObject, reference: Json): readonly Json[] {
    if (typeof reference !== "string") return [];
    const [uri, fragment] = split(reference);
    const base = this.#absolute(uri, this.#bases.get(from) ?? DOCUMENT);
    const resource = base === undefined ? undefined : this.#resources.get(base);
    if (resource === undefined || !this.spend(fragment.length / CHARACTERS_PER_STEP)) return [];
    const name = decoded(fragment);
    if (name === "") return [resource];
    const target = name.startsWith("/")
      ? // Some writers count from the document, whatever `$id` stands between, and some do not encode.
        (follow(resource, name) ?? follow(resource, fragment) ?? follow(this.#root, name))
      : this.#anchors.get(`${base}#${name}`);
    return target === undefined ? [] : [target];
  }

  /** All that a `$dynamicRef` or `$recursiveRef` of this schema may lead to, whatever led to it. */
  #dynamicTargets(from: JsonObject, reference: Json): readonly Json[] {
    if (typeof reference !== "string") return [];
    const named = this.#dynamic.get(decoded(split(reference)[1])) ?? [];
    if (!this.spend(named.length + reference.length / CHARACTERS_PER_STEP)) return [];
    return [...new Set([...this.#targets(from, reference), ...named])];
  }

  #absolute(uri: string, base: string): string | undefined {
    if (uri === "") return base;
    if (!this.spend(STEPS_PER_URI + (uri.length + base.length) / CHARACTERS_PER_STEP)) return undefined;
    return URL.canParse(uri, base) ? new URL(uri, base).href : undefined;
  }

  #add(schema: JsonObject, around: string): string {
    if (!isNamed(schema)) {
      this.#bases.set(schema, around);
      return around;
    }
    const { $id, $anchor, $dynamicAnchor, $recursiveAnchor } = schema;
    let base = around;
    if (typeof $id === "string") {
      const [uri, fragment] = split($id);
      base = this.#absolute(uri, around) ?? around;
      if (uri !== "" && !this.#resources.has(base)) this.#resources.set(base, schema);
      // Before 2019-09 an anchor was an `$id` of a fragment alone.
      if (fragment !== "") this.#anchors.set(`${base}#${decoded(fragment)}`, schema);
    }
    for (const anchor of [$anchor, $dynamicAnchor]) {
      if (typeof anchor === "string") this.#anchors.set(`${base}#${anchor}`, schema);
    }
    const dynamic = $recursiveAnchor === true ? "" : $dynamicAnchor;
    if (typeof dynamic === "string") {
      const named = this.#dynamic.get(dynamic);
      if (named === undefined) this.#dynamic.set(dynamic, [schema]);
      else named.push(schema);
    }
    this.#bases.set(schema, base);
    return base;
  }
}

/** Whether a schema may have a name to refer to it by. */
function isNamed(schema: JsonObject): boolean {
  for (const keyword in schema) if (keyword.startsWith("$")) return true;
  return false;
}

function split(reference: string): readonly [uri: string, fragment: string] {
  const hash = reference.indexOf("#");
  return hash < 0 ? [reference, ""] : [reference.slice(0, hash), reference.slice(hash + 1)];
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
