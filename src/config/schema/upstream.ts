import { z } from "zod";
import { type HeaderRules, headerRulesSchema, withHeaderRules } from "./header-rules.ts";
import { headers, httpUrl, origin, text } from "./schema-parts.ts";
import { duration, size } from "./units.ts";

// Checked on what was read so far, other mistakes or not, so that all of an entry's mistakes are told at once.
const always = { when: () => true };
const has = (value: unknown, key: string) => typeof value === "object" && value !== null && Object.hasOwn(value, key);

const globs = (what: string) => z.array(text).describe(what);

const hint = (what: string) => z.boolean().optional().describe(what);

const annotations = z.strictObject({
  readOnlyHint: hint("Whether the tool only reads."),
  destructiveHint: hint("Whether it may destroy something; for tools that do not only read."),
  idempotentHint: hint("Whether calling it again with the same arguments changes nothing more."),
  openWorldHint: hint("Whether it reaches out to the world outside."),
});

/** The policies of one endpoint or upstream. */
export const levelPoliciesSchema = z.strictObject({
  dir: text.describe("Folder of the policy files, relative to this file. Not within another one, nor around it."),
  default: z
    .enum(["allow", "deny"])
    .default("allow")
    .describe(
      "What happens to a call that no policy of this folder decides. deny: it needs one of this folder that allows it.",
    ),
});

/** `retry:` of an upstream. */
const retrySchema = z.strictObject({
  attempts: z.int().min(2).max(5).default(3).describe("How often it goes out at most; the first counts."),
  backoff: duration({ min: "10ms", max: "10s" })
    .prefault("200ms")
    .describe("Time before the second attempt; it doubles before each further one, less a random part."),
  on: z
    .array(z.literal(["connect", 502, 503, 504]))
    .min(1)
    .default(["connect"])
    .describe(
      "What it goes out again for. connect: no connection was made, so that it has not run. An HTTP status does not say that: then " +
        "only prompts, resources, completions and the tools of tools.idempotent go out again.",
    ),
});

/** One entry of `upstreams:`. What a client's `mcpServers` holds works as it is. */
export const upstreamSchema = z
  .strictObject({
    type: z
      .enum(["stdio", "http", "sse", "streamable-http", "streamableHttp"])
      .optional()
      .describe("Transport. Default: stdio with command, http with url."),
    command: text.optional().describe("Program to start; it speaks MCP on its standard input and output."),
    args: z.array(z.string()).optional().describe("Arguments of the program."),
    env: z
      .record(z.string().regex(/^[^=\0]+$/, { error: "This is not the name of a variable." }), z.string())
      .optional()
      .describe("Environment variables of the program."),
    cwd: text.optional().describe("Folder to start the program in. Default: the gateway's own."),
    url: httpUrl.optional().describe("MCP endpoint of a remote server."),
    headers: headers.optional().describe("Headers to send, such as the server's credential."),
    request_headers: headerRulesSchema
      .optional()
      .describe("Rules for the headers of requests to the server, whatever else would set them."),
    timeout: duration({ min: "100ms", max: "1h" })
      .prefault("60s")
      .describe(
        "Deadline of one request, also of one that reports progress; what its user is asked meanwhile does not count.",
      ),
    retry: retrySchema
      .optional()
      .describe("How often a request goes out that surely has not run, or may run twice. Default: once."),
    isolation: z
      .enum(["session", "shared"])
      .default("session")
      .describe(
        "session: every client gets its own session. shared: all clients use one, as a server needs whose tools change in a session; " +
          "it can ask nobody anything.",
      ),
    era: z
      .enum(["auto", "modern", "legacy"])
      .default("auto")
      .describe(
        "Protocol family: modern (2026-07-28), legacy (2025-11-25 and before), auto finds out and takes modern where a server speaks " +
          "both. legacy for one that asks its clients (elicitation, sampling, roots) only in sessions.",
      ),
    idle: duration({ min: "1s", max: "7d" })
      .prefault("5m")
      .describe("A session is closed after so long without a call, a subscription, and its client's event stream."),
    max_sessions: z
      .int()
      .min(1)
      .max(10_000)
      .default(100)
      .describe("Sessions (or processes) open at once; one user alone gets half."),
    max_response: size({ min: "1KB", max: "256MB" }).prefault("8MB").describe("Largest answer to accept."),
    tools: z
      .strictObject({
        allow: globs("Tools to offer, by original name; * stands for any text.").default(["*"]),
        deny: globs("Tools not to offer; wins over allow.").default([]),
        idempotent: globs(
          "Tools that may be run once more, because twice is as good as once: after a crash in the middle of an approved call, and by retry.",
        ).default([]),
        timeouts: z
          .record(text, duration({ min: "100ms", max: "1h" }))
          .default({})
          .describe(
            "Deadlines of calls of tools, by original name (* stands for any text), in the place of timeout: longer or shorter. " +
              "Of several that fit a tool, the later one counts.",
          ),
        annotations: z
          .record(text, annotations)
          .default({})
          .describe(
            "Annotations that hold for tools, by original name (* stands for any text), whatever the server says of them. " +
              "Policies, lists and pages see these. Of several that fit a tool, the later one wins.",
          ),
      })
      .prefault({})
      .describe("Which tools of this server exist for clients."),
    policies: levelPoliciesSchema
      .optional()
      .describe(
        "Policies of this upstream, for whatever of it is asked for, beside those of the gateway. They only tighten.",
      ),
  })
  .refine((entry) => has(entry, "command") || has(entry, "url"), {
    ...always,
    error: "Write command (a program to start) or url (a remote server).",
  })
  .refine((entry) => !(has(entry, "command") && has(entry, "url")), {
    ...always,
    error: "An upstream has either command or url, not both.",
  })
  .refine((entry) => has(entry, "command") || !["args", "env", "cwd"].some((key) => has(entry, key)), {
    ...always,
    error: "args, env and cwd go with command.",
  })
  .refine((entry) => has(entry, "url") || !has(entry, "headers"), { ...always, error: "headers go with url." })
  .refine((entry) => has(entry, "url") || !has(entry, "request_headers"), {
    ...always,
    error: "request_headers go with url.",
  })
  .refine((entry) => entry?.type === undefined || (entry.type === "stdio") === has(entry, "command"), {
    ...always,
    path: ["type"],
    error: "type stdio goes with command; http, streamable-http and sse go with url.",
  })
  .meta({ oneOf: [{ required: ["command"] }, { required: ["url"] }] })
  .transform(({ tools: { timeouts, ...tools }, ...entry }) => ({
    transport: transportOf(entry),
    /** See `withReferences`; the file's own entries have them, what is registered at run time may refer to nothing. */
    references: undefined as Readonly<Record<string, string>> | undefined,
    era: entry.era,
    timeoutMs: entry.timeout,
    /** As pairs: their order counts. */
    toolTimeouts: Object.entries(timeouts),
    retry: entry.retry && {
      attempts: entry.retry.attempts,
      backoffMs: entry.retry.backoff,
      on: entry.retry.on,
      idempotent: tools.idempotent,
    },
    isolation: entry.isolation,
    idleMs: entry.idle,
    maxSessions: entry.max_sessions,
    maxResponseBytes: entry.max_response,
    tools,
    policies: entry.policies,
  }));

function transportOf(entry: {
  type?: string | undefined;
  command?: string | undefined;
  args?: string[] | undefined;
  env?: Record<string, string> | undefined;
  cwd?: string | undefined;
  url?: string | undefined;
  headers?: Record<string, string> | undefined;
  request_headers?: HeaderRules | undefined;
}) {
  if (entry.command !== undefined) {
    const { command, args = [], env = {}, cwd } = entry;
    return { kind: "stdio" as const, command, args, env, cwd };
  }
  const { url = "", headers: given = {}, request_headers: rules = {} } = entry;
  const removed = rules.remove?.map((name) => name.toLowerCase()) ?? [];
  const sent = { url, headers: withHeaderRules(given, rules), ...(removed.length > 0 && { removedHeaders: removed }) };
  return entry.type === "sse" ? { kind: "sse" as const, ...sent } : { kind: "http" as const, ...sent };
}

/** One entry of `endpoints:`. */
export const endpointSchema = z
  .strictObject({
    upstreams: z.array(text).min(1).describe("Upstreams that this endpoint shows."),
    tools: globs("Tools that it shows, as upstream/tool; * stands for any text.").default(["*"]),
    policies: levelPoliciesSchema
      .optional()
      .describe("Policies of what is asked for at this endpoint, beside those of the gateway. They only tighten."),
    auth: z
      .array(text)
      .min(1, { error: "Name who may enter, or leave it out." })
      .optional()
      .describe(
        "Who may enter of those whom the gateway lets in: issuers of auth.jwt, api_keys, api_keys/<group> for the keys of a group, basic, " +
          "anonymous. Default: all of them.",
      ),
    allowed_origins: z
      .array(origin)
      .optional()
      .describe(
        "Origins of web pages that may call this endpoint, in the place of server.allowed_origins. An empty list: none but the gateway's own.",
      ),
    timeout: duration({ min: "100ms", max: "1h" })
      .optional()
      .describe(
        "The longest that a server may take to answer one request that comes here, whatever its own timeout. " +
          "Default: server.timeouts.request.",
      ),
  })
  .transform(({ timeout, allowed_origins: allowedOrigins, ...endpoint }) => ({
    ...endpoint,
    allowedOrigins,
    timeoutMs: timeout,
  }));
