import { numberIn } from "../../core/exact-json.ts";
import { ExactNumber } from "../../core/exact-number.ts";
import { holdsValues, isObject, type Json, type JsonObject } from "../../core/json.ts";

/** One argument that a tool's definition mirrors into an HTTP header. */
export interface ParamHeader {
  /** Full header name, lower case: `mcp-param-region`. */
  readonly header: string;
  /** Property names from the arguments down to the value. */
  readonly path: readonly string[];
  readonly type: "string" | "integer" | "boolean";
}

export type ParamHeaders =
  | { readonly ok: true; readonly headers: readonly ParamHeader[] }
  /** The annotation is invalid, and so is the tool's definition: clients leave such a tool out of their list. */
  | { readonly ok: false; readonly reason: string };

/**
 * Reads the `x-mcp-header` annotations of an `inputSchema`. 2026-07-28 transports/streamable-http, "Custom Headers from
 * Tool Parameters". @throws never
 */
export function readParamHeaders(inputSchema: Json | undefined): ParamHeaders {
  const headers: ParamHeader[] = [];
  const reason = collect(inputSchema, [], true, headers);
  if (reason !== undefined) return { ok: false, reason };
  const names = new Set(headers.map((entry) => entry.header));
  return names.size === headers.length
    ? { ok: true, headers }
    : { ok: false, reason: "two x-mcp-header values are equal" };
}

// `reachable` holds while only `properties` keys were passed; below anything else an annotation is an error.
function collect(
  schema: Json | undefined,
  path: readonly string[],
  reachable: boolean,
  found: ParamHeader[],
): string | undefined {
  if (Array.isArray(schema)) {
    for (const item of schema as readonly Json[]) {
      const reason = collect(item, path, false, found);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }
  if (!isObject(schema)) return undefined;
  const annotation = schema["x-mcp-header"];
  if (annotation !== undefined) {
    const reason = reachable && path.length > 0 ? add(schema, annotation, path, found) : "x-mcp-header is misplaced";
    if (reason !== undefined) return reason;
  }
  for (const [key, value] of Object.entries(schema)) {
    if (key === "properties" && isObject(value)) {
      for (const [name, property] of Object.entries(value)) {
        const reason = collect(property, [...path, name], reachable, found);
        if (reason !== undefined) return reason;
      }
    } else if (holdsValues(value) && !DATA_KEYWORDS.has(key)) {
      const reason = collect(value, path, false, found);
      if (reason !== undefined) return reason;
    }
  }
  return undefined;
}

// Keywords whose values are data, not schemas.
const DATA_KEYWORDS = new Set(["default", "const", "enum", "examples", "required", "type"]);

function add(schema: JsonObject, annotation: Json, path: readonly string[], found: ParamHeader[]): string | undefined {
  if (typeof annotation !== "string" || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(annotation)) {
    return "an x-mcp-header value is not a header name";
  }
  const type = schema["type"];
  if (type !== "string" && type !== "integer" && type !== "boolean") {
    return "x-mcp-header stands on a parameter that is not a string, an integer or a boolean";
  }
  found.push({ header: `mcp-param-${annotation.toLowerCase()}`, path, type });
  return undefined;
}

/**
 * The header text of one mirrored argument, not yet encoded; `undefined` when the arguments hold no such value. Integers are
 * in decimal digits. 2026-07-28 transports/streamable-http, "Value Encoding"
 */
export function paramHeaderText(entry: ParamHeader, args: JsonObject): string | undefined {
  let value: Json | undefined = args;
  for (const step of entry.path) {
    if (!isObject(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  if (typeof value === "string") return value;
  if (entry.type === "integer") value = plainInteger(value);
  if (value instanceof ExactNumber) return value.text;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

/** An integer however it was written (1E2, 100.0, -0), so that it is told by its decimal digits. All else as it stands. */
function plainInteger(value: Json | undefined): Json | undefined {
  if (value instanceof ExactNumber && !value.isDouble) return value;
  const number = numberIn(value);
  // Of -0 the sum is 0.
  return Number.isSafeInteger(number) ? (number ?? 0) + 0 : value;
}
