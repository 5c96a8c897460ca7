import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { explainIssue } from "../../config/file/issues.ts";
import { refuse } from "../../core/errors.ts";
import { isObject, type Json } from "../../core/json.ts";
import { JSON_LIMITS } from "../../core/limits.ts";
import type { JsonLimits } from "../../core/scan-json.ts";
import { readBody } from "../../http/body.ts";
import { isJsonType, parseJsonBody } from "../../http/json-body.ts";
import type { Refused } from "./problem.ts";

/** What a request says, checked; or why it is refused, with each mistake where there are several. */
export type Input<Value> = { readonly ok: true; readonly value: Value } | Refused;

/** How large a body may be and how deep. */
export interface BodyLimits extends JsonLimits {
  readonly maxBytes: number;
}

/** What holds for most bodies. */
export const BODY_LIMITS: BodyLimits = { ...JSON_LIMITS, maxBytes: 64 * 1024, maxDepth: 16 };
const MAX_NAME = 64;

/** Reads a JSON body by a schema. An empty body is an empty object; `undefined` when the client went away. */
export async function readJson<Schema extends z.ZodType>(
  incoming: IncomingMessage,
  schema: Schema,
  limits: BodyLimits = BODY_LIMITS,
): Promise<Input<z.output<Schema>> | undefined> {
  // Also what keeps forms of foreign pages out: a page must ask before it may send this type elsewhere.
  if (!isJsonType(incoming.headers["content-type"])) return refuse("MEDIA_TYPE_UNSUPPORTED");
  const body = await readBody(incoming, limits.maxBytes);
  if (body === undefined) return undefined;
  if (!body.ok) return body;
  const parsed = parseJsonBody(body.text === "" ? "{}" : body.text, limits);
  return parsed.ok ? checkInput(parsed.value, schema) : parsed;
}

/**
 * Reads the query by a schema; lists are written with commas. A parameter that comes twice is refused: two readers could
 * take another one each.
 */
export function readQuery<Schema extends z.ZodType>(query: URLSearchParams, schema: Schema): Input<z.output<Schema>> {
  const twice = [...new Set(query.keys())].filter((name) => query.getAll(name).length > 1);
  if (twice.length > 0) {
    const errors = twice.map((name) => ({ at: shown(name), message: "This parameter may come only once." }));
    return { ...refuse("PARAMS_INVALID"), errors };
  }
  const lists = query.size === 0 ? [] : listsOf(schema);
  const values = [...query].map(([name, text]) => [name, lists.includes(name) ? text.split(",") : text] as const);
  return checkInput(Object.fromEntries(values), schema);
}

/** The input by its schema, with each mistake told. */
export function checkInput<Schema extends z.ZodType>(value: Json | undefined, schema: Schema): Input<z.output<Schema>> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const described = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const errors = result.error.issues
    .flatMap((issue) => explainIssue(issue, value ?? null, isObject(described) ? described : {}))
    .map(({ path, message, hint }) => ({
      at: shown(path.join(".")),
      message: hint === undefined ? message : `${message} ${hint}`,
    }));
  const [first] = errors;
  const detail = first === undefined ? undefined : first.at === "" ? first.message : `${first.at}: ${first.message}`;
  return { ...refuse("PARAMS_INVALID", detail), errors };
}

function listsOf(schema: z.ZodType): readonly string[] {
  const properties = Object.entries(z.toJSONSchema(schema, { io: "input" }).properties ?? {});
  return properties.flatMap(([name, about]) => (typeof about === "object" && about.type === "array" ? [name] : []));
}

// Only what could be a name is repeated.
function shown(name: string): string {
  return /^[A-Za-z0-9_.-]*$/.test(name) && name.length <= MAX_NAME ? name : "?";
}
