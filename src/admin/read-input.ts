import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { explainIssue } from "../config/issues.ts";
import { type Refusal, refuse } from "../core/errors.ts";
import { isObject, type Json } from "../core/json.ts";
import { readBody } from "../http/body.ts";
import { isJsonType, parseJsonBody } from "../http/json-body.ts";
import type { ProblemBody } from "./problem-schema.ts";

/** What a request says, checked; or why it is refused, with each mistake where there are several. */
export type Input<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly refusal: Refusal; readonly errors?: NonNullable<ProblemBody["errors"]> };

const LIMITS = { maxBytes: 64 * 1024, maxDepth: 16 };
const MAX_NAME = 64;

/** Reads a JSON body by a schema. An empty body is an empty object; `undefined` when the client went away. */
export async function readJson<Schema extends z.ZodType>(
  incoming: IncomingMessage,
  schema: Schema,
): Promise<Input<z.output<Schema>> | undefined> {
  // Also what keeps forms of foreign pages out: a page must ask before it may send this type elsewhere.
  if (!isJsonType(incoming.headers["content-type"])) return { ok: false, refusal: refuse("MEDIA_TYPE_UNSUPPORTED") };
  const body = await readBody(incoming, LIMITS.maxBytes);
  if (body === undefined) return undefined;
  if (!body.ok) return { ok: false, refusal: body };
  const parsed = parseJsonBody(body.text === "" ? "{}" : body.text, LIMITS);
  return parsed.ok ? check(parsed.value, schema) : { ok: false, refusal: parsed };
}

/**
 * Reads the query by a schema; `lists` are parameters with commas in them. One that comes twice is refused: two readers
 * could take another one each.
 */
export function readQuery<Schema extends z.ZodType>(
  query: URLSearchParams,
  schema: Schema,
  lists: readonly string[],
): Input<z.output<Schema>> {
  const twice = [...new Set(query.keys())].filter((name) => query.getAll(name).length > 1);
  if (twice.length > 0) {
    const errors = twice.map((name) => ({ at: shown(name), message: "This parameter may come only once." }));
    return { ok: false, refusal: refuse("PARAMS_INVALID"), errors };
  }
  const values = [...query].map(([name, text]) => [name, lists.includes(name) ? text.split(",") : text] as const);
  return check(Object.fromEntries(values), schema);
}

function check<Schema extends z.ZodType>(value: Json, schema: Schema): Input<z.output<Schema>> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const described: unknown = z.toJSONSchema(schema, { io: "input" });
  const errors = result.error.issues
    .flatMap((issue) => explainIssue(issue, value, isObject(described) ? described : {}))
    .map(({ path, message, hint }) => ({
      at: shown(path.join(".")),
      message: hint === undefined ? message : `${message} ${hint}`,
    }));
  const [first] = errors;
  const detail = first === undefined ? undefined : first.at === "" ? first.message : `${first.at}: ${first.message}`;
  return { ok: false, refusal: refuse("PARAMS_INVALID", detail), errors };
}

// Only what could be a name is repeated.
function shown(name: string): string {
  return /^[A-Za-z0-9_.-]*$/.test(name) && name.length <= MAX_NAME ? name : "?";
}
