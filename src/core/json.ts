import { type JsonLimits, scanJson } from "./scan-json.ts";

/**
 * JSON as the gateway handles it: parsed once, checked once, written canonically.
 *
 * `JSON.parse` keeps the last of several equal keys; from there on policy, audit and upstream all see that one value,
 * because the upstream gets a re-serialisation of what was parsed, never the bytes that came in.
 */

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. Absent keys read as `undefined`. */
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** Whether `value` is a JSON object (not an array, not null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Why a text was refused: a code of the error table, and the JSON path of the value (`$` is the whole text). */
export interface JsonProblem {
  readonly code: "JSON_MALFORMED" | "JSON_TOO_DEEP" | "JSON_TOO_MANY" | "JSON_UNSAFE_NUMBER" | "JSON_FORBIDDEN_KEY";
  readonly path: string;
  /** Where in the text, in bytes, instead of a path: for a text of which nothing was made. */
  readonly at?: number;
}

export type ParsedJson =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly problem: JsonProblem };

/**
 * Parses JSON and refuses what could mean two things to two readers: numbers beyond ±(2^53-1) or overflowing,
 * a `__proto__` key, and what is beyond `limits`. @throws never
 */
export function parseJson(text: string, limits: JsonLimits): ParsedJson {
  // A shorter text cannot hold as many, and its depth is seen on the value: most bodies cost no pass of their own.
  if (text.length > limits.maxCount) {
    const scan = scanJson(Buffer.from(text), limits);
    if (scan.kind !== "json") return { ok: false, problem: { code: scan.kind, path: "$", at: scan.at } };
  }
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return { ok: false, problem: { code: "JSON_MALFORMED", path: "$" } };
  }
  const problem = findProblem(value, limits.maxDepth, "$");
  return problem === undefined ? { ok: true, value } : { ok: false, problem };
}

/** Where it is, for whoever sent the text; `undefined` where nothing can be said. */
export function whereInJson({ code, path, at }: JsonProblem): string | undefined {
  if (code === "JSON_MALFORMED") return undefined;
  return at === undefined ? `At ${path}.` : `At byte ${at}.`;
}

// Paths are built only on the way out of a problem, so that a good body costs one walk and no strings.
function findProblem(value: Json | undefined, depthLeft: number, path: string): JsonProblem | undefined {
  if (typeof value === "number") {
    return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER
      ? undefined
      : { code: "JSON_UNSAFE_NUMBER", path };
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (depthLeft === 0) return { code: "JSON_TOO_DEEP", path };
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const problem = findProblem(value[index], depthLeft - 1, "");
      if (problem !== undefined) return { code: problem.code, path: `${path}[${index}]${problem.path}` };
    }
    return undefined;
  }
  const object = value as JsonObject;
  for (const key of Object.keys(object)) {
    if (key === "__proto__") return { code: "JSON_FORBIDDEN_KEY", path: `${path}.__proto__` };
    const problem = findProblem(object[key], depthLeft - 1, "");
    if (problem !== undefined) return { code: problem.code, path: `${path}${pathStep(key)}${problem.path}` };
  }
  return undefined;
}

/** One step of a JSON path: the key where it looks like a name, `[?]` for what could be data. */
export function pathStep(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(key) ? `.${key}` : "[?]";
}

/** Writes `value` as RFC 8785 canonical JSON (keys in UTF-16 order, no white space). Equal values give equal text. */
export function canonicalJson(value: Json | undefined): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  let text = "";
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) text += `${text === "" ? "" : ","}${canonicalJson(item)}`;
    return `[${text}]`;
  }
  const object = value as JsonObject;
  for (const key of Object.keys(object).sort()) {
    const member = object[key];
    if (member !== undefined) text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${text}}`;
}
