import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { limitsOf, shortJson } from "./schema-limits.ts";

/** One argument of a tool as its schema describes it. Every text may be of the tool's making. */
export interface SchemaRow {
  /** Names from the outside in: `customer`, `customer.name`, `lines[].amount`. */
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string | undefined;
  readonly limits: readonly string[];
}

export interface SchemaRows {
  readonly rows: readonly SchemaRow[];
  /** Whether there is more than is listed: too many properties, or too deep. */
  readonly cut: boolean;
}

/** What a page can hold; beyond it the JSON tells. */
const MAX_ROWS = 200;
const MAX_DEPTH = 6;
const MAX_NAMES_CHARS = 300;
const MAX_TYPES = 4;

/** Schemas that are looked at for one list, however often they refer to each other. */
const MAX_LOOKS = 5_000;

/** How far one schema may point to another before it is taken to go round in circles. */
const MAX_REFS = 8;

/** Reads a JSON Schema into a list of its properties, the outer ones first. @throws never */
export function schemaRows(root: JsonObject): SchemaRows {
  const rows: SchemaRow[] = [];
  const names = new Map<JsonObject, ReadonlySet<Json>>();
  let looks = 0;
  let cut = false;

  const requiredBy = (schema: JsonObject): ReadonlySet<Json> => {
    const known = names.get(schema) ?? new Set(listOf(schema["required"]));
    names.set(schema, known);
    return known;
  };

  const walk = (schema: JsonObject, prefix: string, depth: number): void => {
    if (++looks > MAX_LOOKS) {
      cut = true;
      return;
    }
    const required = requiredBy(schema);
    const properties = isObject(schema["properties"]) ? schema["properties"] : {};
    // Not all of them at once: there may be very many, many times.
    for (const name in properties) {
      if (rows.length >= MAX_ROWS || depth >= MAX_DEPTH) {
        cut = true;
        return;
      }
      const own = resolve(properties[name], root);
      const path = `${prefix}${name}`.slice(0, MAX_NAMES_CHARS);
      const description = own["description"];
      rows.push({
        name: path,
        type: typeOf(own),
        required: required.has(name),
        description: typeof description === "string" && description !== "" ? description : undefined,
        limits: limitsOf(own),
      });
      walk(own, `${path}.`, depth + 1);
      walk(resolve(own["items"], root), `${path}[].`, depth + 1);
    }
    for (const part of listOf(schema["allOf"])) {
      if (depth >= MAX_DEPTH || looks > MAX_LOOKS) break;
      walk(resolve(part, root), prefix, depth + 1);
    }
  };

  // In words: `text or number`, `list of text`, `exactly "EUR"`.
  const typeOf = (schema: JsonObject, depth = 0): string => {
    if (++looks > MAX_LOOKS) return ANYTHING;
    const { const: exact, items } = schema;
    if (exact !== undefined) return `exactly ${shortJson(exact)}`;
    const told = typeof schema["type"] === "string" ? [schema["type"]] : listOf(schema["type"]);
    const names = told.slice(0, MAX_TYPES + 1).filter((name) => typeof name === "string");
    if (names.length === 1 && names[0] === "array") {
      const inner = items === undefined || depth >= MAX_DEPTH ? undefined : typeOf(resolve(items, root), depth + 1);
      return inner === undefined || inner === ANYTHING ? "list" : `list of ${inner}`;
    }
    if (names.length > 0) return some(names.map((name) => TYPES.get(name) ?? name.slice(0, 40)));
    const choices = [...listOf(schema["anyOf"]), ...listOf(schema["oneOf"])].slice(0, MAX_TYPES + 1);
    if (choices.length > 0 && depth < MAX_DEPTH) {
      return some(choices.map((choice) => typeOf(resolve(choice, root), depth + 1)));
    }
    if (schema["properties"] !== undefined) return "object";
    if (schema["enum"] !== undefined) return "choice";
    return ANYTHING;
  };

  walk(resolve(root, root), "", 0);
  return { rows, cut };
}

const ANYTHING = "anything";

const TYPES: ReadonlyMap<string, string> = new Map([
  ["string", "text"],
  ["number", "number"],
  ["integer", "whole number"],
  ["boolean", "yes or no"],
  ["array", "list"],
  ["object", "object"],
  ["null", "null"],
]);

function some(types: readonly string[]): string {
  const once = [...new Set(types)];
  return once.length > MAX_TYPES ? `${once.slice(0, MAX_TYPES).join(" or ")} or more` : once.join(" or ");
}

// Only within the document: what a schema names elsewhere is never fetched.
function resolve(value: Json | undefined, root: JsonObject): JsonObject {
  let schema = value;
  for (let hops = 0; isObject(schema) && hops < MAX_REFS; hops++) {
    const ref: Json | undefined = schema["$ref"];
    if (typeof ref !== "string") return schema;
    schema = pointedAt(root, ref);
  }
  return {};
}

function pointedAt(root: JsonObject, ref: string): Json | undefined {
  if (!ref.startsWith("#") || ref.length > MAX_NAMES_CHARS) return undefined;
  let value: Json | undefined = root;
  for (const step of ref.slice(1).split("/").slice(1)) {
    if (!isObject(value)) return undefined;
    const key = decode(step).replaceAll("~1", "/").replaceAll("~0", "~");
    value = Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
