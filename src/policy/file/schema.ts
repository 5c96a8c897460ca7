import { z } from "zod";
import { EFFECTS, GUARD_PHASES } from "../../core/decision.ts";
import { parseDuration } from "../../core/duration.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import { DECIDED_METHODS, type DecidedMethod } from "../../core/subject.ts";
import { BINARY_HANDLING, DETECTORS, REPLACEMENTS } from "../../redaction/redaction.ts";
import { transformSchema } from "./transform-schema.ts";

/** Characters of a condition, a message, a key or a cost. */
export const MAX_TEXT = 4096;
const text = (description: string) => z.string().min(1).max(MAX_TEXT).describe(description);
const glob = z
  .string()
  .min(1)
  .max(256)
  .regex(/^(?!!(!|$))/, "Write what is excluded after one `!`.")
  // It would fit nothing, and a policy that fits nothing refuses nothing.
  .regex(/^(?!!?\s).*\S$/, "Remove the spaces at its ends: nothing has such a name.");
const globs = (description: string) =>
  z.array(glob).min(1).max(1000).describe(`${description} An entry that starts with ! excludes.`);

const names = (description: string) =>
  z
    .array(z.string().regex(/^\S{1,256}$/, NO_SPACES))
    .min(1)
    .max(32)
    .describe(description);
const NO_SPACES = "A value has no spaces: give several as a list.";

const duration = (description: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,8}(s|m|h|d)$/, "Write a duration with its unit: 90s, 5m, 1h or 1d.")
    .describe(description);

/** The guard that is built in: it holds arguments against the schema of their tool. */
export const ARGUMENTS_GUARD = "arguments";

/** A duration of a policy file in ms. Only for what the schema let pass. */
export function durationMs(text: string): number {
  return parseDuration(text) ?? Number.NaN;
}

const message = text(
  "What the agent is told. {{ CEL }} inserts a value, for example {{ args.amount }}. A default is used without it.",
).optional();

const target = z
  .strictObject({
    tools: globs("Globs over upstream/tool, with the upstream's own tool names: expenses/create_*.").optional(),
    prompts: globs("Globs over upstream/prompt, with the upstream's own prompt names: crm/summary_*.").optional(),
    resources: globs(
      "Globs over upstream/uri, with the URIs as the upstream knows them: docs/file:///hr/*.",
    ).optional(),
    methods: z
      .array(z.enum(Object.keys(DECIDED_METHODS) as [DecidedMethod, ...DecidedMethod[]]))
      .min(1)
      .describe("The requests by their methods. Without it, what the policy names decides: see the documentation.")
      .optional(),
    upstreams: globs("Globs over upstream names.").optional(),
    annotations: z
      .strictObject({
        title: z.string().optional(),
        readOnlyHint: z.boolean().optional(),
        destructiveHint: z.boolean().optional(),
        idempotentHint: z.boolean().optional(),
        openWorldHint: z.boolean().optional(),
      })
      .refine((hints) => Object.keys(hints).length > 0, "Name at least one annotation.")
      .meta({ minProperties: 1 })
      .describe("Annotations that the tool has; where it gives none, MCP's defaults count.")
      .optional(),
    users: globs("Globs over the user's e-mail (any case) or id.").optional(),
    roles: globs("Globs over the user's roles; one that matches is enough.").optional(),
    groups: globs("Globs over the user's groups; one that matches is enough.").optional(),
    clients: globs("Globs over the client's id or name. Clients choose their names themselves.").optional(),
    endpoints: globs("Globs over the endpoint's name, the part after /mcp/. It is empty for /mcp itself.").optional(),
  })
  .describe(
    "Which requests the policy is about: all given keys must match, tools for calls of tools, prompts and resources for those. Without a target its condition decides.",
  );

/** The target of a policy as its author writes it. */
export const targetSchema = target;

const rateLimit = z.strictObject({
  limit: z.number().positive().max(1e12).describe("How much may be used in one window."),
  per: duration("How long a window is: 90s, 5m, 1h, 1d. It begins with the first call in it."),
  by: z
    .array(z.enum(["user", "client", "tool"]))
    .min(1)
    .describe("Whose calls are counted together. [user] without it. A client is known by its verified id.")
    .optional(),
  key: text("CEL: calls with equal values are counted together, for example args.account.").optional(),
  cost: text("CEL: what a call takes of the limit, a number, for example args.amount. 1 without it.").optional(),
  message,
});

const redact = z
  .strictObject({
    detect: z.array(z.enum(DETECTORS)).min(1).describe("What is found by its form, wherever it stands.").optional(),
    paths: z
      .array(z.string().min(1).max(1024))
      .min(1)
      .max(100)
      .describe("JSONPaths (RFC 9535) of what is taken out of the structured content, and of text that is JSON.")
      .optional(),
    with: z
      .enum(REPLACEMENTS)
      .describe("replace: a mark; hash: a keyed hash, equal for equal values; drop: nothing. replace without it.")
      .optional(),
    binary: z
      .enum(BINARY_HANDLING)
      .describe(
        "Pictures, sound and what else is no text: pass, or withhold with a text in its place. pass without it.",
      )
      .optional(),
  })
  .refine(
    ({ detect, paths, binary }) => detect !== undefined || paths !== undefined || binary === "withhold",
    "Give detect, paths or both, or binary: withhold.",
  );

const showReason = z
  .boolean()
  .describe("Tells the agent the reason that was given, too. It is always on record.")
  .optional();

const effect = z
  .strictObject({
    hide: z.strictObject({}).describe("It is not listed, and unknown when it is asked for.").optional(),
    deny: z.strictObject({ message }).describe("Refuses the request.").optional(),
    step_up: z
      .strictObject({
        acr: names("Authentication contexts; one is enough.").optional(),
        amr: names("Authentication methods; one that was used is enough.").optional(),
        max_age: duration("How long ago the sign-in may be: 90s, 5m, 1h, 1d.").optional(),
        scopes: z
          .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, "A scope has no spaces, quotes or backslashes."))
          .min(1)
          .max(32)
          .describe("Scopes that the token must have, all of them. Only with via: scope.")
          .optional(),
        via: z
          .literal("scope")
          .describe("The identity provider signs people in more strongly when a client asks for the scopes.")
          .optional(),
        ttl: duration("How long a sign-in at the gateway counts, if that is less than step_up.ttl says.").optional(),
        per: z
          .enum(["call", "tool", "session"])
          .describe("What one sign-in serves: one call, calls of one tool, or a session. session without it.")
          .optional(),
        challenge: z
          .literal("rfc9470")
          .describe("Answers with HTTP 401 of RFC 9470 first, for clients that know it. Most do not.")
          .optional(),
        message,
      })
      .refine(
        ({ acr, amr, max_age, scopes }) => [acr, amr, max_age, scopes].some((asked) => asked !== undefined),
        "Give acr, amr, max_age or scopes.",
      )
      .refine(
        ({ scopes, via }) => (scopes === undefined) === (via === undefined),
        "Give scopes and via: scope together.",
      )
      .refine(
        ({ per, challenge }) => challenge === undefined || per === undefined || per === "session",
        "A new token serves the whole session: challenge goes with per: session only.",
      )
      .describe("Asks the user to sign in again, more strongly or more recently.")
      .optional(),
    request_approval: z
      .strictObject({ flow: text("A name from approval_flows in the configuration."), message })
      .describe("Waits until people approve.")
      .optional(),
    allow: z.strictObject({}).describe("Lets the call through; counts only where policies.default is deny.").optional(),
    rate_limit: rateLimit.describe("Refuses calls beyond a limit, with the time to wait.").optional(),
    authorize: z
      .strictObject({
        by: text("A name from decision_points in the configuration."),
        message,
        show_reason: showReason,
      })
      .describe("Asks a decision point outside; the request goes on if it says yes.")
      .optional(),
    guard: z
      .strictObject({
        by: text(`A name from guards in the configuration, or ${ARGUMENTS_GUARD}, which is built in.`),
        phases: z
          .array(z.enum(GUARD_PHASES))
          .min(1)
          .describe("What it sees: what is sent to the server, what the server answers. Both without it.")
          .optional(),
        message,
        show_reason: showReason,
      })
      .refine(
        ({ by, phases }) =>
          by !== ARGUMENTS_GUARD || phases === undefined || phases.every((phase) => phase === "request"),
        `${ARGUMENTS_GUARD} looks at requests alone: leave phases out.`,
      )
      .describe("Shows what passes to a filter, which lets it pass, refuses or replaces it.")
      .optional(),
    redact: redact.describe("Takes something out of the result before the agent sees it.").optional(),
    transform: transformSchema.describe("Writes what the upstream gets, before anything is decided.").optional(),
  })
  .refine((effects) => Object.keys(effects).length === 1, `Give exactly one of ${EFFECTS.join(", ")}.`)
  .meta({ minProperties: 1, maxProperties: 1 })
  .describe("What happens to a call that matches.");

const policy = z.strictObject({
  id: z
    .string()
    .max(64)
    .regex(/^[a-z0-9][a-z0-9-]*$/, "An id is made of a-z, 0-9 and -, and starts with a letter or a digit.")
    .describe("Names the policy in decisions and in the audit. Unique among all files of its level."),
  description: text("What the policy is for, in a sentence.").optional(),
  target: target.optional(),
  when: text(
    "A CEL condition over user, client, request, args, and tool, prompt or resource; for redact over result, too. Without it the target decides.",
  ).optional(),
  // biome-ignore lint/suspicious/noThenProperty: the file format's own key; nothing here is ever awaited.
  then: effect,
  mode: z
    .enum(["enforce", "shadow"])
    .describe("shadow evaluates and records the policy without applying it.")
    .optional(),
  enabled: z.boolean().describe("false skips the policy.").optional(),
});

/** One policy file as its author writes it. */
export const policyFileSchema = z.strictObject({ policies: z.array(policy).describe("The policies of this file.") });

/** One policy by itself. */
export const policyEntrySchema = policy;

/** One policy of a file, after the schema's checks. */
export type PolicyEntry = z.infer<typeof policy>;

/** The target of a policy. */
export type PolicyTarget = z.infer<typeof target>;

/** The JSON Schema (2020-12) of a policy file, for editors: `schema/policy.schema.json`. */
export function policyJsonSchema(): JsonObject {
  const generated: unknown = JSON.parse(JSON.stringify(z.toJSONSchema(policyFileSchema, { io: "input" })));
  if (!isObject(generated)) throw new TypeError("zod made a JSON Schema that is no object");
  return { title: "Portcullis policies", ...generated };
}
