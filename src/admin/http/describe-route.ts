import { STATUS_CODES } from "node:http";
import { type DescribeRouteOptions, resolver } from "hono-openapi";
import { z } from "zod";
import { ERRORS, type ErrorCode } from "../../core/errors.ts";
import { statusOf } from "./problem.ts";
import { problemSchema } from "./problem-schema.ts";
import { BODY_LIMITS } from "./read-input.ts";
import { NO_BODY, NOTHING, type Route } from "./route.ts";

/** What every route may refuse. */
const ALWAYS: readonly ErrorCode[] = [
  "HEADER_REPEATED",
  "FORWARDED_INVALID",
  "HOST_NOT_ALLOWED",
  "ORIGIN_NOT_ALLOWED",
  "CREDENTIAL_MISSING",
  "TOKEN_INVALID",
  "TOKEN_EXPIRED",
  "ATTEMPTS_TOO_MANY",
  "ISSUER_UNREACHABLE",
  "PARAMS_INVALID",
  "INTERNAL",
  "STORE_UNAVAILABLE",
];

/** What is refused besides where a body is read. */
const WITH_BODY: readonly ErrorCode[] = [
  "JSON_MALFORMED",
  "JSON_TOO_DEEP",
  "JSON_TOO_MANY",
  "JSON_UNSAFE_NUMBER",
  "JSON_FORBIDDEN_KEY",
  "BODY_TOO_LARGE",
  "MEDIA_TYPE_UNSUPPORTED",
];

/** Names of the security schemes; `openapi.ts` says what they are. */
export const SECURITY = { bearer: "bearer", session: "session", csrf: "csrf" } as const;

/** A route in the words of OpenAPI 3.1. */
export function describe(route: Route): DescribeRouteOptions {
  const { body, method } = route;
  const changes = method !== "GET";
  const { maxBytes, maxDepth } = route.bodyLimits ?? BODY_LIMITS;
  const about = [route.description ?? [], ABOUT_WHO[route.who]].flat();
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    ...(about.length > 0 && { description: about.join(" ") }),
    security: [
      { [SECURITY.bearer]: [] },
      changes ? { [SECURITY.session]: [], [SECURITY.csrf]: [] } : { [SECURITY.session]: [] },
    ],
    parameters: [...parameters("path", route.params), ...parameters("query", route.query)],
    ...(body !== NO_BODY && {
      requestBody: {
        required: true,
        description: `At most ${maxBytes} bytes, ${maxDepth} levels deep.`,
        content: { "application/json": { schema: schemaOf(body), ...exampleOf(route.bodyExample) } },
      },
    }),
    responses: { [route.answer.status]: answerOf(route.answer), ...refusalsOf(codesOf(route)) },
  };
}

const ABOUT_WHO: Readonly<Record<Route["who"], string | readonly string[]>> = {
  callers: [],
  people: "Not for agents: with a session, an API key of kind person, or a token with the API's scope.",
  administrators:
    "For administrators. Not for agents: with a session, an API key of kind person, or a token with the API's scope.",
};

/** Every code that a route may answer with. */
export function codesOf(route: Route): readonly ErrorCode[] {
  return [
    ...ALWAYS,
    ...(route.method === "GET" ? [] : (["CSRF_TOKEN_INVALID"] as const)),
    ...(route.who === "callers" ? [] : (["CREDENTIAL_INSUFFICIENT"] as const)),
    ...(route.who === "administrators" ? (["ADMIN_REQUIRED"] as const) : []),
    ...(route.body === NO_BODY ? [] : WITH_BODY),
    ...route.refusals,
  ];
}

// The pattern of a time says nothing that `format` does not, on a page of it.
function schemaOf(schema: z.ZodType) {
  return resolver(schema, { options: { override: plainTimes, unrepresentable: "any" } });
}

function plainTimes({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
}

type Parameter = NonNullable<DescribeRouteOptions["parameters"]>[number];
type OpenApiSchema = NonNullable<Extract<Parameter, { name: string }>["schema"]>;

function parameters(place: "path" | "query", schema: z.ZodObject): Parameter[] {
  if (schema === NOTHING) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input", override: plainTimes });
  return Object.entries(properties).map(([name, about]) => {
    const { description, ...rest } = typeof about === "object" ? about : {};
    // Two libraries' names for the same thing: JSON Schema 2020-12.
    const schema: OpenApiSchema = JSON.parse(JSON.stringify(rest));
    return {
      name,
      in: place,
      required: required.includes(name),
      ...(description !== undefined && { description }),
      schema,
      ...(rest.type === "array" && { style: "form", explode: false }),
    };
  });
}

function answerOf({ description, schema, media, example }: Route["answer"]) {
  if (schema === undefined) return { description };
  const types = media ?? ["application/json"];
  const content = { schema: schemaOf(schema), ...exampleOf(example) };
  return { description, content: Object.fromEntries(types.map((type) => [type, content])) };
}

function exampleOf(example: unknown) {
  return example === undefined ? {} : { example };
}

/** Refusals as responses by their status, each code with its meaning. */
export function refusalsOf(codes: readonly ErrorCode[]): NonNullable<DescribeRouteOptions["responses"]> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) byStatus.set(statusOf(code), [...(byStatus.get(statusOf(code)) ?? []), code]);
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, some]) => {
        const lines = some.map((code) => `- \`${code}\`: ${ERRORS[code].message}`);
        const schema = schemaOf(z.intersection(problemSchema, z.object({ code: z.enum(some) })));
        const response = {
          description: [STATUS_CODES[status] ?? "Refused", "", ...lines].join("\n"),
          content: { "application/problem+json": { schema } },
          ...(status === 401 && { headers: { "WWW-Authenticate": CHALLENGE } }),
        };
        return [status, response];
      }),
  );
}

const CHALLENGE = {
  description: "How to get a credential. RFC 6750 §3, RFC 9728 §5.1",
  schema: { type: "string" },
} as const;
