import type { IncomingMessage } from "node:http";
import type { Context } from "hono";
import { z } from "zod";
import { type ErrorCode, refuse } from "../../core/errors.ts";
import { writeExact } from "../../core/exact-json.ts";
import type { Operator } from "../../operations/operator.ts";
import type { ApiEnv } from "../api-env.ts";
import { problemResponse, type Refused } from "./problem.ts";
import { type BodyLimits, checkInput, readJson, readQuery } from "./read-input.ts";

/** What a route answers when all went well. */
export interface RouteAnswer<Said extends z.ZodType> {
  readonly status: 200 | 201 | 204;
  readonly description: string;
  /** Left out where there is nothing to say. */
  readonly schema?: Said;
  readonly example?: z.input<Said>;
  /** Where the route writes something else than JSON: its types. */
  readonly media?: readonly string[];
}

/** What a handler works with: everything is read and checked. */
export interface RouteInput<Params, Query, Body, Said> {
  readonly operator: Operator;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly incoming: IncomingMessage;
  readonly ip: string;
  /** The answer as it is declared. */
  reply(said: Said): Response;
}

/** What a route says of itself. */
interface RouteFacts {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below `/api/v1`, with `:name` for parameters. */
  readonly path: string;
  /** Name of the operation, for programs that are made from the description. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /**
   * `callers`: whoever has a credential; what they see is decided thing by thing. `people`: not agents and machines; of
   * `administrators` likewise.
   */
  readonly who: "callers" | "people" | "administrators";
  /** What it may refuse besides what every route does. */
  readonly refusals: readonly ErrorCode[];
  /** Left out: those of `readJson`. */
  readonly bodyLimits?: BodyLimits;
}

/** One operation of the API, declared once: it reads, checks and describes itself by the same schemas. */
export interface RouteDefinition<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Said extends z.ZodType,
> extends RouteFacts {
  /** Every parameter of the path. */
  readonly params: Params;
  /** Lists in it are written with commas. */
  readonly query: Query;
  /** `NO_BODY`: none is read. */
  readonly body: Body;
  /** A good one, to learn from. */
  readonly bodyExample?: z.input<Body>;
  readonly answer: RouteAnswer<Said>;
  handle(
    asked: RouteInput<z.output<Params>, z.output<Query>, z.output<Body>, z.input<Said>>,
  ): Promise<Response | Refused>;
}

/** One operation of the API, ready to be mounted and described. */
export interface Route extends RouteFacts {
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: z.ZodType;
  readonly bodyExample?: unknown;
  readonly answer: RouteAnswer<z.ZodType>;
  serve(c: Context<ApiEnv>): Promise<Response>;
}

/** Nothing is asked for in the path or the query. */
export const NOTHING = z.strictObject({});

/** No body is read. */
export const NO_BODY = z.undefined();

/** What a definition begins with, so that it names only what it reads. */
export const BARE = { params: NOTHING, query: NOTHING, body: NO_BODY, refusals: [] } as const;

/** Makes a route of its definition. It looks at who may, the path, the query and the body, in this order. */
export function route<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Said extends z.ZodType = z.ZodUndefined,
>(definition: RouteDefinition<Params, Query, Body, Said>): Route {
  const { answer, who } = definition;
  const hasBody = !definition.body.safeParse(undefined).success;
  const reply = (said: z.input<Said>): Response =>
    answer.schema === undefined
      ? new Response(null, { status: answer.status })
      : new Response(writeExact(said), {
          status: answer.status,
          headers: { "Content-Type": "application/json" },
        });

  return {
    ...definition,
    async serve(c) {
      const { incoming } = c.env;
      const operator = c.get("operator");
      const lacking = c.get("insufficient");
      if (who !== "callers" && lacking !== undefined) return problemResponse(lacking);
      if (who === "administrators" && !operator.admin) return problemResponse(refuse("ADMIN_REQUIRED"));
      const params = checkInput(c.req.param(), definition.params);
      if (!params.ok) return problemResponse(params);
      const query = readQuery(new URL(c.req.url).searchParams, definition.query);
      if (!query.ok) return problemResponse(query);
      const body = hasBody
        ? await readJson(incoming, definition.body, definition.bodyLimits)
        : checkInput(undefined, definition.body);
      // Nobody reads this answer: the client has closed its connection in the middle of its body.
      if (body === undefined) return c.body(null, 400);
      if (!body.ok) return problemResponse(body);
      const [media] = answer.media ?? [];
      // A stream that nobody reads would stay open for ever.
      if (media !== undefined && c.req.method === "HEAD") return c.body(null, 200, { "Content-Type": media });
      const asked = {
        operator,
        params: params.value,
        query: query.value,
        body: body.value,
        incoming,
        ip: c.get("ip"),
        reply,
      };
      const answered = await definition.handle(asked);
      return answered instanceof Response ? answered : problemResponse(answered);
    },
  };
}
