import { isObject, type Json, type JsonObject } from "../../core/json.ts";

/** How one argument is asked for. */
export type ArgumentInput =
  /** `format` as the schema names it: `date-time`, `email`, … */
  | { readonly kind: "text"; readonly format: string | undefined }
  | { readonly kind: "number"; readonly integer: boolean }
  | { readonly kind: "boolean" }
  /** Sent as the option's place in the list, from 0. */
  | { readonly kind: "choice"; readonly options: readonly Scalar[] }
  /** One item on each line. */
  | { readonly kind: "list"; readonly item: "text" | "number" | "integer" }
  | { readonly kind: "group"; readonly fields: readonly ArgumentField[] }
  /** Whatever a form has no better field for, written as JSON. */
  | { readonly kind: "json" };

/** One argument of a tool, as a form asks for it. Its texts are the upstream's. */
export interface ArgumentField {
  /** The member's own name. */
  readonly key: string;
  /** Unique in the form, and safe in an id: the names of the members around it and its own, encoded. */
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly required: boolean;
  readonly input: ArgumentInput;
}

type Scalar = string | number | boolean | null;

/** Groups within groups; below, a form is no easier than JSON. */
const MAX_DEPTH = 3;
/** In a whole form. An upstream can list any number. */
const MAX_FIELDS = 100;
const MAX_OPTIONS = 200;
/** References that lead to references. */
const MAX_HOPS = 8;

/**
 * What a form can ask of an `inputSchema`, in its order. It proposes and checks nothing: what the schema says beyond the
 * types is the tool's business. Empty where the schema says nothing that a form could ask. @throws never
 */
export function argumentFields(inputSchema: Json | undefined): readonly ArgumentField[] {
  if (!isObject(inputSchema)) return [];
  const form = { root: inputSchema, left: MAX_FIELDS };
  const schema = plain(inputSchema, form.root);
  return isObject(schema["properties"]) ? fieldsOf(schema, "arg", 0, form) : [];
}

interface Form {
  readonly root: JsonObject;
  /** How many fields it may still get. */
  left: number;
}

function fieldsOf(schema: JsonObject, prefix: string, depth: number, form: Form): readonly ArgumentField[] {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const listed = Array.isArray(schema["required"]) ? schema["required"] : [];
  const fields: ArgumentField[] = [];
  for (const [key, member] of Object.entries(properties)) {
    // No call can carry it.
    if (key === "__proto__") continue;
    if (form.left === 0) break;
    form.left -= 1;
    const name = `${prefix}/${encodeURIComponent(Buffer.from(key).toString())}`;
    const described = plain(isObject(member) ? member : {}, form.root);
    fields.push({
      ...{ key, name, required: listed.includes(key), input: inputOf(described, name, depth, form) },
      title: textIn(described["title"]),
      description: textIn(described["description"]),
    });
  }
  return fields;
}

function inputOf(schema: JsonObject, name: string, depth: number, form: Form): ArgumentInput {
  const options = optionsOf(schema);
  if (options !== undefined) return { kind: "choice", options };
  switch (typeOf(schema)) {
    case "string":
      return { kind: "text", format: textIn(schema["format"]) };
    case "integer":
      return { kind: "number", integer: true };
    case "number":
      return { kind: "number", integer: false };
    case "boolean":
      return { kind: "boolean" };
    case "array": {
      const item = itemOf(schema["items"], form.root);
      return item === undefined ? { kind: "json" } : { kind: "list", item };
    }
    case "object": {
      if (!isObject(schema["properties"]) || depth + 1 >= MAX_DEPTH) return { kind: "json" };
      const fields = fieldsOf(schema, name, depth + 1, form);
      return fields.length === 0 ? { kind: "json" } : { kind: "group", fields };
    }
    default:
      return { kind: "json" };
  }
}

// A schema that only wraps another one is that other one: a reference, or a choice between it and null.
function plain(given: JsonObject, root: JsonObject): JsonObject {
  let schema = given;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const wrapped = wrappedIn(schema, root);
    if (wrapped === undefined) return schema;
    // What stands beside the reference is said about this very member.
    const { $ref: _ref, anyOf: _any, oneOf: _one, allOf: _all, ...beside } = schema;
    schema = { ...wrapped, ...beside };
  }
  return {};
}

function wrappedIn(schema: JsonObject, root: JsonObject): JsonObject | undefined {
  const reference = schema["$ref"];
  if (typeof reference === "string") return referredTo(reference, root) ?? {};
  for (const key of ["anyOf", "oneOf", "allOf"]) {
    const branches = schema[key];
    if (!Array.isArray(branches) || branches.length > 2) continue;
    const [only, ...others] = branches.filter((branch) => !isObject(branch) || branch["type"] !== "null");
    if (isObject(only) && others.length === 0) return only;
  }
  return undefined;
}

// Only within the document: nothing is fetched to draw a form.
function referredTo(reference: string, root: JsonObject): JsonObject | undefined {
  if (!reference.startsWith("#/")) return undefined;
  let place: Json | undefined = root;
  for (const step of reference.slice(2).split("/")) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    place = isObject(place) && Object.hasOwn(place, key) ? place[key] : undefined;
  }
  return isObject(place) ? place : undefined;
}

function typeOf(schema: JsonObject): Json | undefined {
  const { type } = schema;
  if (type === undefined) return isObject(schema["properties"]) ? "object" : undefined;
  if (!Array.isArray(type)) return type;
  const types = type.filter((name) => name !== "null");
  return types.length === 1 ? types[0] : undefined;
}

function optionsOf(schema: JsonObject): readonly Scalar[] | undefined {
  const listed = Object.hasOwn(schema, "const") ? [schema["const"]] : schema["enum"];
  if (!Array.isArray(listed) || listed.length === 0 || listed.length > MAX_OPTIONS) return undefined;
  const options = listed.filter(isScalar);
  return options.length === listed.length ? options : undefined;
}

function itemOf(items: Json | undefined, root: JsonObject): "text" | "number" | "integer" | undefined {
  if (!isObject(items)) return undefined;
  switch (typeOf(plain(items, root))) {
    case "string":
      return "text";
    case "number":
      return "number";
    case "integer":
      return "integer";
    default:
      return undefined;
  }
}

function isScalar(value: Json | undefined): value is Scalar {
  return value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function textIn(value: Json | undefined): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}
