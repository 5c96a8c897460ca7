import { parseExact } from "./exact-json.ts";
import { ExactNumber } from "./exact-number.ts";
import { holdsValues, isObject, type Json, pathStep } from "./json.ts";
import { type JsonLimits, scanJson } from "./scan-json.ts";
import type { Slices } from "./slices.ts";

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
    const problem = scan(Buffer.from(text), limits);
    if (problem !== undefined) return { ok: false, problem };
  }
  const value = read(text);
  return value === undefined ? MALFORMED : check(value, limits);
}

/**
 * As `parseJson`, of a text that is at hand as `bytes`, too: a long one in `slices`, between which everybody else has
 * their turn. @throws never
 */
export async function parseJsonInSlices(
  { text, bytes }: { readonly text: string; readonly bytes: Buffer },
  limits: JsonLimits,
  slices: Slices,
): Promise<ParsedJson> {
  if (text.length <= limits.maxCount) return parseJson(text, limits);
  const problem = scan(bytes, limits);
  if (problem !== undefined) return { ok: false, problem };
  if (slices.isOver) await slices.next();
  const value = read(text);
  if (value === undefined) return MALFORMED;
  if (slices.isOver) await slices.next();
  return check(value, limits);
}

const MALFORMED: ParsedJson = { ok: false, problem: { code: "JSON_MALFORMED", path: "$" } };

function scan(bytes: Buffer, limits: JsonLimits): JsonProblem | undefined {
  const found = scanJson(bytes, limits);
  return found.kind === "json" ? undefined : { code: found.kind, path: "$", at: found.at };
}

function read(text: string): Json | undefined {
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
}

function check(value: Json, limits: JsonLimits): ParsedJson {
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
  if (typeof value === "number") return isTold(value, value) ? undefined : { code: "JSON_UNSAFE_NUMBER", path };
  if (value instanceof ExactNumber) {
    return isTold(value.nearest, value.text) ? undefined : { code: "JSON_UNSAFE_NUMBER", path };
  }
  if (!holdsValues(value)) return undefined;
  if (depthLeft === 0) return { code: "JSON_TOO_DEEP", path };
  if (!isObject(value)) {
    for (let index = 0; index < value.length; index++) {
      const problem = findProblem(value[index], depthLeft - 1, "");
      if (problem !== undefined) return { code: problem.code, path: `${path}[${index}]${problem.path}` };
    }
    return undefined;
  }
  for (const key of Object.keys(value)) {
    if (key === "__proto__") return { code: "JSON_FORBIDDEN_KEY", path: `${path}.__proto__` };
    const problem = findProblem(value[key], depthLeft - 1, "");
    if (problem !== undefined) return { code: problem.code, path: `${path}${pathStep(key)}${problem.path}` };
  }
  return undefined;
}

function isTold(nearest: number, written: number | string): boolean {
  if (nearest <= Number.MAX_SAFE_INTEGER && nearest >= Number.MIN_SAFE_INTEGER) return true;
  return new ExactNumber(String(written)).isDouble;
}
