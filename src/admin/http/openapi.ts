import type { Hono } from "hono";
import { describeRoute, generateSpecs } from "hono-openapi";
import { refuse } from "../../core/errors.ts";
import type { ApiEnv } from "../api-env.ts";
import { refusalsOf, SECURITY } from "./describe-route.ts";
import { API_BASE } from "./mount-routes.ts";
import { problemResponse } from "./problem.ts";

/** What the description says of this gateway. */
export interface DescribedGateway {
  readonly publicUrl: string;
  readonly version: string;
}

/** What belongs together, in the order of a reader. */
export const TAGS = {
  approvals: "Calls that wait for people, and what people say about them.",
  events: "What changes, as it happens.",
  policies: "The rules in force, what is wrong with newer ones, and what they would make of a call.",
  activity: "The record of every decision, and figures over it.",
  upstreams: "The MCP servers behind the gateway and their tools.",
  sessions: "Who is connected.",
  api: "This description.",
} as const;

const ABOUT = `What operators see and do, in JSON. Members are in snake_case, times in RFC 3339 and UTC.

Lists answer \`{items, next_cursor}\`; ask again with \`cursor\` until \`next_cursor\` is null. A refusal is an
\`application/problem+json\` (RFC 9457) whose \`code\` says which it is and never changes its meaning. New members may be added
to answers; unknown members and parameters of requests are refused.`;

/**
 * Adds `GET /api/v1/openapi.json`, which describes all routes of `app`. It says nothing about what this gateway holds,
 * and programs read it before they have a credential: it is for everybody.
 */
export function mountOpenapi(app: Hono<ApiEnv>, gateway: DescribedGateway): void {
  let made: Promise<string> | undefined;
  const path = `${API_BASE}/openapi.json`;
  app.get(
    path,
    describeRoute({
      operationId: "getOpenapi",
      tags: ["api"],
      summary: "The description of this API",
      description: "Readable without a credential.",
      security: [],
      responses: {
        200: { description: "OpenAPI 3.1.", content: { "application/json": { schema: { type: "object" } } } },
        ...refusalsOf(["HOST_NOT_ALLOWED", "ORIGIN_NOT_ALLOWED", "INTERNAL"]),
      },
    }),
    async (c) => {
      made ??= generate(app, gateway);
      return c.body(await made, 200, { "Content-Type": "application/json" });
    },
  );
  app.all(path, () => problemResponse({ ...refuse("HTTP_METHOD_UNKNOWN"), headers: { Allow: "GET, HEAD" } }));
}

async function generate(app: Hono<ApiEnv>, { publicUrl, version }: DescribedGateway): Promise<string> {
  const document = await generateSpecs(app, {
    excludeStaticFile: false,
    documentation: {
      openapi: "3.1.1",
      info: {
        title: "Portcullis",
        version,
        description: ABOUT,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      servers: [{ url: publicUrl }],
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: {
          [SECURITY.bearer]: {
            type: "http",
            scheme: "bearer",
            description: "An API key, or an access token of a configured issuer: as for MCP.",
          },
          [SECURITY.session]: {
            type: "apiKey",
            in: "cookie",
            name: publicUrl.startsWith("https:") ? "__Host-portcullis-console" : "portcullis-console",
            description: "The session of somebody who signed in to the console. Only pages of this gateway may use it.",
          },
          [SECURITY.csrf]: {
            type: "apiKey",
            in: "header",
            name: "X-CSRF-Token",
            description: "The token of that session, as the console's pages carry it.",
          },
        },
      },
    },
  });
  return JSON.stringify(document);
}
