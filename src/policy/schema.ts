import { z } from "zod";
import { isObject, type JsonObject } from "../core/json.ts";

/** Effects that a policy can have now, strongest first. */
export const EFFECTS = ["deny", "step_up", "request_approval", "allow"] as const;

/** Effects of the file format that this version does not carry out, and therefore refuses. */
export const FUTURE_EFFECTS: readonly string[] = ["redact", "rate_limit", "hide"];

const text = (description: string) => z.string().min(1).max(4096).describe(description);
const globs = (description: string) => z.array(z.string().min(1).max(256)).min(1).max(1000).describe(description);

const message = text(
  "What the agent is told. {{ CEL }} inserts a value, for example {{ args.amount }}. A default is used without it.",
).optional();

const target = z
  .strictObject({
    tools: globs("Globs over upstream/tool, with the upstream's own tool names: expenses/create_*.").optional(),
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
  .describe("Which calls the policy is about: all given keys must match. Without a target it is about every call.");

const effect = z
  .strictObject({
    deny: z.strictObject({ message }).describe("Refuses the call.").optional(),
    step_up: z
      .strictObject({
        acr: z.array(z.string().min(1).max(256)).min(1).describe("Authentication contexts; one is enough.").optional(),
        max_age: z
          .string()
          .regex(/^[1-9]\d*(s|m|h|d)$/, "Write a duration with its unit: 90s, 5m, 1h or 1d.")
          .describe("How long ago the sign-in may be: 90s, 5m, 1h, 1d.")
          .optional(),
        message,
      })
      .refine((stepUp) => stepUp.acr !== undefined || stepUp.max_age !== undefined, "Give acr, max_age or both.")
      .describe("Asks the user to sign in again, more strongly or more recently.")
      .optional(),
    request_approval: z
      .strictObject({ flow: text("A name from approval_flows in the configuration."), message })
      .describe("Waits until people approve.")
      .optional(),
    allow: z.strictObject({}).describe("Lets the call through; counts only where policies.default is deny.").optional(),
  })
  .refine((effects) => Object.keys(effects).length === 1, `Give exactly one of ${EFFECTS.join(", ")}.`)
  .meta({ minProperties: 1, maxProperties: 1 })
  .describe("What happens to a call that matches.");

const policy = z.strictObject({
  id: z
    .string()
    .max(64)
    .regex(/^[a-z0-9][a-z0-9-]*$/, "An id is made of a-z, 0-9 and -, and starts with a letter or a digit.")
    .describe("Names the policy in decisions and in the audit. Unique in the whole set."),
  description: text("What the policy is for, in a sentence.").optional(),
  target: target.optional(),
  when: text("A CEL condition over user, client, tool, args and request. Without it the target decides.").optional(),
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
