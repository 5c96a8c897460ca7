import { numberIn } from "../core/exact-json.ts";
import { ExactNumber } from "../core/exact-number.ts";
import { isObject, type Json, type JsonObject } from "../core/json.ts";
import { widelyReadable } from "../core/widely-readable.ts";
import type { ListKind } from "../mcp/messages.ts";

/*
 * Clients read a list as a whole: one item that their revision does not allow costs them all items of all servers. What
 * servers list is therefore repaired, as little as possible: a member of a wrong type is left out.
 */

/** A definition that clients can read; `repairs`: which of its members are not as the server gave them. */
export interface Repaired {
  readonly item: JsonObject;
  readonly repairs: readonly string[];
}

/** Gives the value back if it is right, another one if it can be made right, `undefined` to leave it out. */
type Check = (value: Json, path: string, note: (path: string) => void) => Json | undefined;

/** The member that names an item. */
export const LIST_KEYS = {
  tools: "name",
  prompts: "name",
  resources: "uri",
  resourceTemplates: "uriTemplate",
} as const satisfies Record<ListKind, string>;

const MAX_REPAIRS = 20;

/** One item of a list, as every client can read it. The very item if nothing is wrong with it. MCP schema, of both eras */
export function repairItem(kind: ListKind, item: JsonObject): Repaired {
  const repairs = new Set<string>();
  const note = (path: string): void => {
    if (repairs.size < MAX_REPAIRS) repairs.add(path);
  };
  const whole = withWhatIsMissing(kind, withReadableMembers(kind, item, note), note);
  const repaired = ITEMS[kind](whole, "", note);
  return { item: isObject(repaired) ? repaired : whole, repairs: [...repairs] };
}

// What names it stays as it is, or its server would not know it.
function withReadableMembers(kind: ListKind, item: JsonObject, note: (path: string) => void): JsonObject {
  const sent = widelyReadable(item);
  if (sent === item || !isObject(sent)) return item;
  const key = LIST_KEYS[kind];
  const changed = Object.keys(item).filter((name) => name !== key && sent[name] !== item[name]);
  for (const name of changed) note(/^\w{1,32}$/.test(name) ? name : "a member of its own");
  const named = item[key];
  return changed.length === 0 ? item : named === undefined ? sent : { ...sent, [key]: named };
}

// Tools without arguments come without a schema, and resources without a name.
function withWhatIsMissing(kind: ListKind, item: JsonObject, note: (path: string) => void): JsonObject {
  if (kind === "tools" && !isObject(item["inputSchema"])) {
    note("inputSchema");
    return { ...item, inputSchema: { type: "object" } };
  }
  const named = kind === "resources" ? item["uri"] : kind === "resourceTemplates" ? item["uriTemplate"] : undefined;
  if (named === undefined || typeof item["name"] === "string") return item;
  note("name");
  return { ...item, name: named };
}

const text: Check = (value) => (typeof value === "string" ? value : undefined);
const flag: Check = (value) => (typeof value === "boolean" ? value : undefined);
const share: Check = (value) => {
  const found = numberIn(value);
  return found !== undefined && found >= 0 && found <= 1 ? value : undefined;
};
/** RFC 3339, and a day that there is: the SDKs read no other. */
const MOMENT = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const moment: Check = (value) => {
  const day = typeof value === "string" ? MOMENT.exec(value)?.[1] : undefined;
  const time = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(`${day}T`) ? value : undefined;
};
/** Go reads it as an integer of 64 bits, and 1.0 and 1E5 are none there. */
const size: Check = (value) => {
  const digits = value instanceof ExactNumber ? value.text : typeof value === "number" ? String(value) : "";
  return /^-?\d{1,19}$/.test(digits) && BigInt.asIntN(64, BigInt(digits)) === BigInt(digits) ? value : undefined;
};

function oneOf(...known: readonly string[]): Check {
  return (value) => (typeof value === "string" && known.includes(value) ? value : undefined);
}

function listOf(check: Check): Check {
  return (value, path, note) => {
    if (!Array.isArray(value)) return undefined;
    const items: readonly Json[] = value;
    const kept = items.map((item) => check(item, path, note));
    if (kept.every((item, index) => item === items[index])) return value;
    const left = kept.filter((item) => item !== undefined);
    if (left.length < items.length) note(path);
    return left;
  };
}

/** An object with members of these kinds, and any others; without one of the `needed` it is none. */
function objectOf(members: Readonly<Record<string, Check>>, ...needed: readonly string[]): Check {
  return (value, path, note) => {
    if (!isObject(value)) return undefined;
    let changed: Record<string, Json | undefined> | undefined;
    for (const name of Object.keys(members)) {
      const member = Object.hasOwn(value, name) ? value[name] : undefined;
      if (member === undefined) continue;
      const inner = path === "" ? name : `${path}.${name}`;
      const kept = members[name]?.(member, inner, note);
      if (kept === member) continue;
      // What was changed within it has been told there.
      if (kept === undefined) note(inner);
      changed ??= { ...value };
      if (kept === undefined) delete changed[name];
      else changed[name] = kept;
    }
    const object = changed ?? value;
    return needed.every((name) => object[name] !== undefined) ? object : undefined;
  };
}

/** JSON Schema has schemas that are `true` or `false`; clients know objects only. 2020-12 core, "Boolean JSON Schemas" */
const properties: Check = (value, path, note) => {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value);
  if (entries.every(([, schema]) => isObject(schema))) return value;
  note(path);
  return Object.fromEntries(
    entries.flatMap(([name, schema]) => {
      if (isObject(schema)) return [[name, schema]];
      return typeof schema === "boolean" ? [[name, schema ? {} : { not: {} }]] : [];
    }),
  );
};
const schema = objectOf({ $schema: text, properties, required: listOf(text) });

/** Arguments are an object, whatever else the schema says or leaves out. */
const argumentSchema: Check = (value, path, note) => {
  const repaired = schema(value, path, note);
  if (!isObject(repaired) || repaired["type"] === "object") return repaired;
  note(`${path}.type`);
  return { ...repaired, type: "object" };
};

const icons = listOf(
  objectOf({ src: text, mimeType: text, sizes: listOf(text), theme: oneOf("light", "dark") }, "src"),
);
const COMMON = { name: text, title: text, description: text, icons, _meta: objectOf({}) };
const annotations = objectOf({ audience: listOf(oneOf("user", "assistant")), priority: share, lastModified: moment });

const ITEMS: Readonly<Record<ListKind, Check>> = {
  tools: objectOf({
    ...COMMON,
    inputSchema: argumentSchema,
    outputSchema: schema,
    annotations: objectOf({
      title: text,
      readOnlyHint: flag,
      destructiveHint: flag,
      idempotentHint: flag,
      openWorldHint: flag,
    }),
    // Tasks of 2025-11-25 are not run here: a client that keeps to "required" would never make the call. Its server says what it is missing.
    execution: objectOf({ taskSupport: oneOf("optional", "forbidden") }),
  }),
  prompts: objectOf({
    ...COMMON,
    arguments: listOf(objectOf({ name: text, title: text, description: text, required: flag }, "name")),
  }),
  resources: objectOf({ ...COMMON, uri: text, mimeType: text, size, annotations }),
  resourceTemplates: objectOf({ ...COMMON, uriTemplate: text, mimeType: text, annotations }),
};
