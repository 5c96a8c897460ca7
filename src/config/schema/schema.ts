import { z } from "zod";
import type { PersonOptions } from "../../core/people.ts";
import { KEYS_ISSUER } from "../../core/principal.ts";
import { anchorSchema } from "./anchor.ts";
import { authSchema } from "./auth.ts";
import { decisionPointSchema } from "./decision-points.ts";
import { flowSchema, notifierSchema, stepUpSchema } from "./flows.ts";
import { guardSchema } from "./guards.ts";
import { peopleSchema } from "./people.ts";
import { registrationSchema } from "./registration.ts";
import { entryName, label, text } from "./schema-parts.ts";
import { serverSchema } from "./server.ts";
import { endpointSchema, type levelPoliciesSchema, upstreamSchema } from "./upstream.ts";

const secretKey = z.string().regex(/^(?:[0-9a-fA-F]{64}|[A-Za-z0-9+/_-]{43}=?)$/, {
  error: "Must be 32 random bytes as base64 or hex. Make them with: openssl rand -base64 32",
});

/**
 * The configuration file. Keys are as users write them; the output is as the rooms want it: camelCase, units in the
 * names, entries as lists with their names inside. What refers to other keys is checked in `cross-checks.ts`.
 */
export const configSchema = z
  .strictObject({
    server: serverSchema.prefault({}).describe("Where and how the gateway listens."),
    auth: authSchema.prefault({}).describe("Who may call."),
    people: peopleSchema
      .default([])
      .describe("Credentials that belong to one person each, where nothing else says so: a key and an account, say."),
    upstreams: z
      .record(entryName, upstreamSchema)
      .default({})
      .describe("MCP servers behind the gateway, by name. An entry of a client's mcpServers works as it is."),
    endpoints: z
      .record(entryName, endpointSchema)
      .default({})
      .describe("Selections of upstreams and tools, each served at /mcp/<name>."),
    registration: registrationSchema
      .prefault({})
      .describe("What administrators may add at run time, through the API or the console."),
    policies: z
      .strictObject({
        dir: text.default("./policies").describe("Folder of the policy files, relative to this file."),
        default: z
          .enum(["allow", "deny"])
          .default("allow")
          .describe("What happens to a call that no policy decides. deny: a call needs a policy that allows it."),
      })
      .prefault({})
      .describe("Policy files."),
    approval_flows: z.record(label, flowSchema).default({}).describe("Who approves what policies send for approval."),
    notifiers: z.record(label, notifierSchema).default({}).describe("Ways to tell people and systems."),
    decision_points: z
      .record(label, decisionPointSchema)
      .default({})
      .describe("Who outside the gateway says whether a request may go on, where a policy asks them (authorize)."),
    guards: z
      .record(label, guardSchema)
      .default({})
      .describe("Filters that look at content, by the names that policies have for them. arguments is built in."),
    step_up: stepUpSchema.optional().describe("How callers authenticate again, more strongly."),
    store: z
      .strictObject({
        url: z
          .string()
          .regex(/^file:[^?#]+$/, { error: "Write file:./data/portcullis.db, relative to this file." })
          .default("file:./data/portcullis.db")
          .describe("SQLite database, relative to this file. file::memory: keeps nothing."),
      })
      .prefault({})
      .describe("Where sessions, approvals and the audit are kept."),
    audit: z
      .strictObject({
        arguments: z
          .enum(["digest", "redacted", "sealed", "full"])
          .default("redacted")
          .describe("How much of a call's arguments is recorded. sealed: redacted, and encrypted in full."),
        anchor: anchorSchema
          .optional()
          .describe("Where signed checkpoints of the record go: somewhere that who can change the database cannot."),
      })
      .prefault({})
      .describe("The record of every decision."),
    secrets: z
      .strictObject({
        key: secretKey
          .optional()
          .describe("Seals what leaves the gateway and comes back. Made and kept beside the database when absent."),
        previous_keys: z
          .array(secretKey)
          .default([])
          .describe("Keys of before, the newest first: the record that was written under them goes on, nothing else."),
      })
      .prefault({})
      .describe("The gateway's own secret."),
    errors: z
      .enum(["tool", "protocol"])
      .default("tool")
      .describe("How a denied call is told: tool (a tool result with isError) or protocol (a JSON-RPC error)."),
  })
  .transform((config) => ({
    server: config.server,
    auth: { ...config.auth, people: config.people.map((person) => personOf(person, config.auth.apiKeys)) },
    upstreams: named(config.upstreams).map(({ policies: _, ...upstream }) => upstream),
    endpoints: named(config.endpoints).map(({ policies: _, ...endpoint }) => endpoint),
    registration: config.registration,
    policies: config.policies,
    /** The folders of endpoints, then of upstreams, with whose policies they are. */
    policyFolders: [
      ...named(config.endpoints).flatMap(({ name, policies }) => policyFolder(`endpoint/${name}`, policies)),
      ...named(config.upstreams).flatMap(({ name, policies }) => policyFolder(`upstream/${name}`, policies)),
    ],
    approvalFlows: named(config.approval_flows),
    notifiers: named(config.notifiers),
    decisionPoints: named(config.decision_points),
    guards: named(config.guards),
    stepUp: config.step_up,
    store: config.store,
    audit: config.audit,
    /** `undefined`: made on the first start and kept beside the database. */
    secretKey: config.secrets.key,
    previousKeys: config.secrets.previous_keys,
    denials: config.errors,
  }));

/** One validated configuration: durations in milliseconds, sizes in bytes. Holds secrets: never log it. */
export type Config = z.output<typeof configSchema>;

function policyFolder<Level extends string>(level: Level, policies: z.output<typeof levelPoliciesSchema> | undefined) {
  return policies === undefined ? [] : [{ level, ...policies }];
}

/** A key stands for its user, as whom it comes. */
function personOf(
  { name, identities }: z.output<typeof peopleSchema>[number],
  keys: z.output<typeof authSchema>["apiKeys"],
): PersonOptions {
  return {
    name,
    subjects: identities.flatMap(({ issuer, subject, key }) => {
      if (key !== undefined) {
        const owner = keys.find((known) => known.name === key);
        return owner === undefined ? [] : [{ issuer: KEYS_ISSUER, subject: owner.user ?? owner.name }];
      }
      return issuer === undefined || subject === undefined ? [] : [{ issuer, subject }];
    }),
    emails: identities.flatMap(({ email }) => email ?? []),
  };
}

function named<Entry extends object>(entries: Readonly<Record<string, Entry>>): ({ name: string } & Entry)[] {
  return Object.entries(entries).map(([name, entry]) => ({ name, ...entry }));
}
