import { z } from "zod";
import { EFFECTS, GUARD_PHASES } from "../../core/decision.ts";
import { SUBJECT_KINDS } from "../../core/subject.ts";
import { time } from "../list-schema.ts";

/** What the API says about policies. */

export const effect = z.enum(EFFECTS);
const toolPath = z.object({ upstream: z.string(), tool: z.string().describe("The tool's own name.") });

const policySchema = z
  .object({
    id: z.string().describe("With its level, if that is not the gateway: endpoint/finance:no-refunds."),
    level: z.string().describe("gateway, endpoint/<name> or upstream/<name>."),
    description: z.string().nullable(),
    file: z.string().describe("From the policies' folder."),
    line: z.int().describe("Where it starts, from 1."),
    effect,
    enabled: z.boolean(),
    shadow: z.boolean().describe("Evaluated and recorded, not applied."),
    about: z
      .object({
        kinds: z.array(z.enum(SUBJECT_KINDS)),
        methods: z.array(z.string()).describe("The requests, by their methods."),
        words: z.string().describe("The same in words."),
      })
      .describe("What it is about, also where it does not say."),
    target: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe("As in the file, with its level; null: everything that it is about."),
    when: z.string().nullable().describe("The condition, in CEL; null: the target decides."),
    matches: z
      .object({ applied: z.int(), shadow: z.int().describe("In mode shadow: what would have happened.") })
      .describe("Within the last day."),
  })
  .meta({ id: "Policy", description: "A policy in force." });

/** The policies in force, and what is wrong with newer files. */
export const policyStateSchema = z
  .object({
    digest: z.string().describe("SHA-256 of the set in force."),
    default: z.enum(["allow", "deny"]).describe("What happens to a call that no policy decides."),
    levels: z
      .array(z.object({ level: z.string(), default: z.enum(["allow", "deny"]) }))
      .describe("Endpoints and upstreams with policies of their own; deny wants an allow of this level."),
    since: time.describe("Since when this set is in force. RFC 3339, UTC."),
    policies: z.array(policySchema).describe("In file order."),
    mistakes: z
      .array(
        z.object({
          file: z.string(),
          line: z.int(),
          column: z.int(),
          message: z.string(),
          hint: z.string().nullable(),
          excerpt: z.string().describe("The lines around it, with a mark below the place."),
        }),
      )
      .describe("What is wrong with the files as they are now; empty when they are those in force."),
    coverage: z
      .object({
        tools: z.int().describe("How many tools the upstreams list."),
        uncovered: z.array(toolPath).describe("Those about which no policy speaks by its target, shadow ones aside."),
      })
      .describe("Which tools policies are about."),
  })
  .meta({ id: "PolicyState", description: "The policies in force, and what is wrong with newer files." });

const match = z.object({
  policy: z.string(),
  effect,
  because: z
    .enum(["condition", "error"])
    .describe("error: its condition could not be evaluated, and it counts for that."),
  error: z.string().nullable(),
  defaults: z
    .array(z.string())
    .describe(
      "Places like args.amount that the call leaves out, where it matched only with the tool's defaults in them.",
    ),
  shadow: z.boolean(),
});

const decisionSchema = z
  .object({
    effect,
    policy: z.string().nullable().describe("The policy whose word it is; null: none, the default."),
    message: z.string().nullable().describe("What the agent would be told."),
    hidden: z.boolean().describe("The caller does not see the tool, and is answered as if there were none."),
    matched: z.array(match).describe("Every policy that counted, in file order."),
    unapplied: z.array(match).describe("Those that matched without counting: in mode shadow, or an allow that failed."),
    limits: z
      .array(
        z.object({
          policy: z.string(),
          limit: z.number(),
          window_seconds: z.number(),
          cost: z.number().describe("What this call takes."),
        }),
      )
      .describe("Budgets that the call would draw on. Nothing was counted."),
    authorize: z
      .array(z.object({ policy: z.string(), by: z.string(), shadow: z.boolean() }))
      .describe("Decision points that would be asked before the call goes on. Nobody was."),
    guards: z
      .array(
        z.object({ policy: z.string(), by: z.string(), phases: z.array(z.enum(GUARD_PHASES)), shadow: z.boolean() }),
      )
      .describe("Guards that would look at the call or its result. None did."),
    inspects_result: z.boolean().describe("Policies would look at the result before the client does."),
    policy_set: z.string().describe("SHA-256 of the set that decided."),
  })
  .describe("The verdict over the call.");

const stepUp = z
  .object({
    policies: z.array(z.string()),
    acr: z.array(z.array(z.string())).describe("Of each list one must be reached."),
    amr: z.array(z.array(z.string())).describe("Of each list one must have been used."),
    max_age_seconds: z.number().nullable(),
    scopes: z.array(z.string()).describe("The token must hold all of them."),
    ttl_seconds: z.number().nullable(),
    per: z.enum(["call", "tool", "session"]),
    lacks: z
      .enum(["machine", "not_configured", "scope", "acr", "amr", "max_age", "call"])
      .nullable()
      .describe("What the caller's own token lacks; null: it is strong enough."),
  })
  .describe("How the caller would have to sign in.");

const approval = z.object({
  policy: z.string(),
  flow: z.string(),
  message: z.string(),
  stages: z.array(z.object({ roles: z.array(z.string()), users: z.array(z.string()), required: z.int() })),
});

const trace = z
  .object({
    text: z.string().describe("A part of the condition, in CEL."),
    value: z.string().nullable(),
    error: z.string().nullable().describe("Why it has no value."),
    get because() {
      return z.array(trace).describe("The parts that decided.");
    },
  })
  .meta({ id: "Trace", description: "What an expression came to, and through which of its parts." });
export type TraceBody = z.input<typeof trace>;

/** What the gateway would do with a call, and why. */
export const dryRunSchema = z
  .object({
    decision: decisionSchema,
    refusal: z
      .object({ code: z.string(), message: z.string() })
      .nullable()
      .describe("Why the call would be refused for its arguments, though no policy refuses it; null: it would not."),
    step_up: stepUp.nullable(),
    approvals: z.array(approval).describe("Whom the call would wait for."),
    policies: z
      .array(
        z.object({
          id: z.string(),
          file: z.string(),
          line: z.int(),
          effect,
          shadow: z.boolean(),
          verdict: z
            .enum(["applied", "unapplied", "result", "target", "condition", "disabled"])
            .describe(
              "result: decided once the tool has answered. target, condition: this part does not fit the call.",
            ),
          misses: z
            .array(z.object({ key: z.string(), wanted: z.string(), actual: z.string() }))
            .describe("The parts of the target that do not fit."),
          trace: trace.nullable().describe("The condition, evaluated; null where there is none or nobody asked it."),
          error: z.string().nullable(),
        }),
      )
      .describe("Every policy, in file order."),
    test: z.string().describe("A *.test.yaml that expects this decision."),
  })
  .meta({ id: "Trial", description: "What the gateway would do with a call, and why." });
export type DryRunBody = z.input<typeof dryRunSchema>;
export type PolicyStateBody = z.input<typeof policyStateSchema>;
