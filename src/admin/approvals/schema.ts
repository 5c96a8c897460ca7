import { z } from "zod";
import { APPROVAL_ACTS, APPROVAL_STATES } from "../../core/approval.ts";
import { DECIDED_METHODS, type DecidedMethod, SUBJECT_KINDS } from "../../core/subject.ts";

/** What the API says and reads about approvals. One schema per thing; the API's description is made of these. */

const time = z.iso.datetime().describe("RFC 3339, UTC.");
const maybeTime = time.nullable();
const digest = z.string().regex(/^[0-9a-f]{64}$/, { error: "Write the 64 hexadecimal digits that the request shows." });
const reasonText = z.string().min(1, { error: "Must not be empty." }).max(2_000);

/** A person, as their credential named them. */
export const personSchema = z
  .object({
    issuer: z.string(),
    subject: z.string(),
    name: z.string().nullable(),
    email: z.string().nullable(),
  })
  .meta({ id: "Person", description: "A person, as a verified credential named them." });

const approvers = z.object({
  roles: z.array(z.string()).describe("Anybody with one of these roles."),
  users: z.array(z.string()).describe("E-mail addresses or subjects."),
});

const stage = z.object({
  flow: z.string(),
  approvers: approvers.describe("Who may decide; those of the escalation included once it is time."),
  required: z.int().describe("Approvals that it needs."),
  given: z.int().describe("Approvals that it has."),
  escalated: z.boolean(),
  escalates_at: maybeTime.describe("When the circle of approvers widens; null if it does not, or has."),
});

const decision = z.object({
  stage: z.int(),
  approver: personSchema,
  decision: z.enum(["approve", "reject"]),
  reason: z.string().nullable(),
  at: time,
  channel: z.string().describe("Where it was said: api, console, …"),
});

/** The methods of requests that are decided on. */
const METHODS = Object.keys(DECIDED_METHODS) as [DecidedMethod, ...DecidedMethod[]];

/** What a request for approval is about. */
export const approvalSubjectSchema = z.object({
  kind: z.enum(SUBJECT_KINDS),
  name: z.string().describe("Own name of the tool or prompt; of a resource its URI, without secrets."),
});

/** One request for approval. */
export const approvalSchema = z
  .object({
    id: z.string(),
    url: z.string().describe("The page where people look at it and decide. A locator, never a credential."),
    state: z.enum(APPROVAL_STATES),
    version: z.int().describe("Grows with every change. A decision names the one that was seen."),
    arguments_digest: z
      .string()
      .describe(
        "Keyed digest of the arguments: equal arguments have equal ones, and none leads back to them. A decision names it.",
      ),
    arguments: z.record(z.string(), z.unknown()),
    arguments_form: z
      .enum(["whole", "redacted"])
      .describe(
        "whole: what would run, to the letter; for the requester and for who may approve a stage. redacted: without secrets, long texts cut.",
      ),
    arguments_misfits: z
      .array(z.string())
      .nullable()
      .describe(
        "Where the arguments do not fit what the tool's schema says, in words: its server may refuse the call even if it is approved. Looked at when the request was made. null: nobody looked, or the whole arguments are not for you or no longer kept.",
      ),
    upstream: z.string(),
    method: z.enum(METHODS).describe("What was asked for, as prompts/get."),
    tool: z.string().nullable().describe("The tool's own name. null: it is about no tool."),
    subject: approvalSubjectSchema.describe("What it is about. A prompt may have the name of a tool."),
    requester: personSchema.extend({
      client_id: z.string().nullable().describe("OAuth client, or name of the API key."),
      client_name: z.string().describe("What the client program calls itself; nobody has checked it."),
    }),
    flow: z.string().describe("The flow of the present stage."),
    flows: z.array(z.string()),
    stage: z.int().describe("Index in stages: whose turn it is, or was at the end."),
    stages: z.array(stage),
    policies: z.array(z.string()).describe("The policies that asked for approval."),
    message: z
      .string()
      .nullable()
      .describe("What these policies say. It may repeat arguments, so that who may not see them reads null."),
    reason_required: z.enum(["never", "on_reject", "always"]).describe("When a decision needs a reason."),
    may_decide: z.boolean().describe("Whether you could decide now."),
    may_not_decide_because: z.string().nullable().describe("The code of the reason why not."),
    run: z
      .enum(["gateway", "caller"])
      .describe("Who runs it once it is approved: the gateway, or the next identical call."),
    created_at: time,
    pending_until: time,
    decided_at: maybeTime,
    execute_until: maybeTime.describe("Until when an approved call may be started."),
    execution_started_at: maybeTime,
    execution_ended_at: maybeTime,
    result_is_error: z.boolean().nullable(),
    delivered_at: maybeTime.describe("When the requester was told how it ended."),
    decisions: z.array(decision).describe("In order."),
  })
  .meta({ id: "Approval", description: "A request for approval, bound to exactly one call." });
export type ApprovalBody = z.output<typeof approvalSchema>;

const event = z.object({
  seq: z.int(),
  act: z.enum(APPROVAL_ACTS),
  from: z.enum(APPROVAL_STATES).nullable(),
  to: z.enum(APPROVAL_STATES),
  actor: personSchema.nullable().describe("null: the gateway itself."),
  reason: z.string().nullable(),
  at: time,
});

/** One request with everything that happened to it. */
export const approvalDetailSchema = approvalSchema
  .extend({ history: z.array(event).describe("Everything that happened to it, in order.") })
  .meta({ id: "ApprovalDetail", description: "A request for approval and its history." });
export type ApprovalDetailBody = z.output<typeof approvalDetailSchema>;

/** A page of requests. */
export const approvalListSchema = z
  .object({ items: z.array(approvalSchema), next_cursor: z.string().nullable() })
  .describe("The newest first. next_cursor: where older ones go on, null at the end.");

const flag = z
  .enum(["true", "false"])
  .transform((text) => text === "true")
  .prefault("false");

/** What `GET /approvals` can be asked for. */
export const approvalQuerySchema = z
  .strictObject({
    state: z
      .array(z.enum(APPROVAL_STATES))
      .optional()
      .describe("One state, or several with commas between them. Default: all."),
    mine: flag.describe("true: only what you asked for yourself."),
    decidable: flag.describe("true: only what you may decide now, the next to end first."),
    flow: z.string().min(1).max(64).optional().describe("Name of a flow."),
    upstream: z.string().min(1).max(64).optional().describe("Name of a server."),
    tool: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .describe("A tool's own name, or <server>/<tool>. Finds no prompts and resources."),
    method: z.enum(METHODS).optional().describe("Of the request: tools/call, prompts/get, resources/read, …"),
    subject: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .describe("Own name of a tool or prompt, or URI of a resource as a request shows it."),
    arguments: z
      .enum(["redacted", "whole"])
      .default("redacted")
      .describe(
        "whole: as a single request shows them, until a page holds 4 MiB of them; arguments_form says which are.",
      ),
    limit: z.coerce.number().int().min(1).max(100).default(50).describe("At most so many."),
    cursor: z.string().min(1).max(200).optional().describe("next_cursor of the page before."),
  })
  .describe("What to list. Everything narrows it down.");
export type ApprovalQueryInput = z.output<typeof approvalQuerySchema>;

/** What an approver posts. */
export const decisionSchema = z
  .strictObject({
    decision: z.enum(["approve", "reject"]).describe("Any rejection is final."),
    reason: reasonText.optional().describe("Everybody who sees the request reads it, the agent too."),
    version: z.int().min(1).describe("The version that you saw."),
    arguments_digest: digest.describe("The arguments_digest that you saw."),
  })
  .describe("One voice. 409 if the request has changed since it was seen.");

/** What a requester posts to take a request back. */
export const cancellationSchema = z.strictObject({}).describe("Nothing to say.");

/** What an administrator posts about a call that may or may not have run. */
export const resolutionSchema = z
  .strictObject({
    outcome: z.enum(["succeeded", "failed"]).describe("What became of the call, as found out at its server."),
    reason: reasonText.describe("How that was found out."),
  })
  .describe("Closes a request that is indeterminate.");
