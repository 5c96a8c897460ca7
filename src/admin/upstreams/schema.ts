import { z } from "zod";
import type { Json } from "../../core/json.ts";
import { LIST_KINDS } from "../../mcp/messages.ts";
import { time } from "../list-schema.ts";

/** What the API says about upstreams. */

const person = z.object({ issuer: z.string(), subject: z.string(), email: z.string().nullable() });

const upstream = z.object({
  name: z.string(),
  source: z.enum(["file", "registered"]).describe("file: of the configuration. registered: added at run time."),
  address: z.string().describe("The URL without user and query, or the command. Neither headers nor environment."),
  state: z.enum(["connecting", "ready", "down"]),
  since: time.describe("Since when in this state. RFC 3339, UTC."),
  last_error: z
    .string()
    .nullable()
    .describe("What fails now, for operators. Of a program that ended, below it what it wrote last, a line each."),
  next_attempt: time.nullable().describe("When that is tried again by itself. null: with the next call, or never."),
  era: z.enum(["legacy", "modern"]).nullable().describe("null: not known yet."),
  transport: z.enum(["stdio", "http", "sse"]),
  tools: z.int().describe("How many it offers through the gateway."),
  list_faults: z
    .array(
      z.object({
        list: z.enum(LIST_KINDS),
        count: z.int().describe("How many items, of which the first ones stand here."),
        items: z.array(
          z.object({
            name: z.string().describe("Its name, or URI, as the server gives it; empty where it has none."),
            left_out: z.boolean().describe("false: it was repaired."),
            why: z.string().describe("Why it was left out, or which of its members were repaired or left out."),
          }),
        ),
      }),
    )
    .describe("What clients could not have read in its lists, as they were read last."),
  unseen_lists: z
    .array(z.enum(LIST_KINDS))
    .describe(
      "Lists that it changed in a client's session alone: what it added there is not offered. isolation: shared shows it.",
    ),
  endpoints: z.array(z.string()).describe("Paths at which it is served."),
  isolation: z.enum(["session", "shared"]),
  timeout_ms: z.int(),
  load: z
    .object({
      peers: z.int().nullable().describe("Clients with a session of their own; null where all share one."),
      connected: z.int().describe("Sessions, or processes, open now."),
      in_flight: z.int(),
      watched: z
        .int()
        .describe("Resources that are watched; one that several clients of one session watch counts once."),
    })
    .describe("What it holds for clients now."),
  registered: z.object({ by: person, at: time }).nullable().describe("Who added it, where it was at run time."),
});

/** One upstream in a list. */
export const upstreamJsonSchema = upstream.meta({ id: "Upstream", description: "An MCP server behind the gateway." });
export type UpstreamBody = z.input<typeof upstreamJsonSchema>;

/** All upstreams; there are never so many that they need pages. */
export const upstreamListSchema = z.object({ items: z.array(upstreamJsonSchema), next_cursor: z.null() });

/** One upstream with what its server says of itself. */
export const upstreamDetailSchema = upstream
  .extend({
    server_info: z.record(z.string(), z.unknown()).nullable(),
    capabilities: z.record(z.string(), z.unknown()),
    instructions: z.string().nullable(),
  })
  .meta({ id: "UpstreamDetail", description: "An MCP server and what it says of itself." });
export type UpstreamDetailBody = z.input<typeof upstreamDetailSchema>;

// The registry reads it by the configuration's own schema, and tells the mistakes in its words.
const anything = z.custom<Json>();

/** What is posted to add one: the name, and an entry as in the configuration's `upstreams:`. */
export const newUpstreamSchema = z
  .object({
    name: z.string().max(64).describe("Lower-case letters, digits and hyphens."),
    url: z.string().max(4_096).optional().describe("Where it is served over HTTP."),
    headers: z.record(z.string(), z.string()).optional().describe("Kept sealed, and shown to nobody."),
    type: z.string().max(32).optional(),
    timeout: z.string().max(32).optional().describe("90s, 2m."),
    isolation: z.string().max(32).optional(),
    tools: z.record(z.string(), anything).optional(),
  })
  .catchall(anything)
  .describe(
    "The name, and what an entry of upstreams: in the configuration holds: schema/config.schema.json has all of it. References to " +
      "the environment or to files are refused, and so are addresses that are not public unless the configuration allows them.",
  );

/** What came of connecting to an upstream. */
export const upstreamTestSchema = z
  .object({
    ok: z.boolean(),
    ms: z.number().describe("How long it took."),
    why: z.string().nullable().describe("What failed, for operators, as in last_error."),
    era: z.enum(["legacy", "modern"]).nullable(),
    transport: z.enum(["stdio", "http", "sse"]).nullable(),
    server_info: z.record(z.string(), z.unknown()).nullable(),
    tools: z.array(z.object({ name: z.string(), description: z.string().nullable() })),
  })
  .meta({ id: "UpstreamTest", description: "What came of connecting to an upstream and listing its tools." });
export type UpstreamTestBody = z.input<typeof upstreamTestSchema>;
