import { z } from "zod";
import { DECISION_EFFECTS } from "../../core/decision.ts";
import { AUDIT_KINDS } from "../../store/audit/audit-row.ts";
import { approvalDetailSchema } from "../approvals/schema.ts";
import { flag, limitOf, numberCursor, pageOf, time, timeInput } from "../list-schema.ts";

/** What the API says and reads about the record of decisions. */

const auditEntrySchema = z
  .object({
    seq: z.int().describe("1 and up."),
    at: time,
    call_id: z
      .string()
      .describe("Of a decision about an approval: the request's id. Of an administrator's act: what it was done to."),
    kind: z
      .enum(AUDIT_KINDS)
      .exclude(["closed", "checkpoint"])
      .describe(
        "opened: a request. decided: about an approval or a sign-in. admin: an act at the gateway. refused: requests that were refused before anything was decided.",
      ),
    user: z.string().nullable().describe("Subject."),
    issuer: z.string().nullable(),
    email: z.string().nullable(),
    acted_by: z
      .array(z.string())
      .describe("Who acted for this user by an act claim of the token, the last one first, as issuer|subject."),
    client: z.string().nullable().describe("name/version, as the client says."),
    address: z
      .string()
      .nullable()
      .describe(
        "Of the client; of refused requests that were counted together, of its network. null: of none, or of many.",
      ),
    endpoint: z.string().nullable(),
    upstream: z.string().nullable(),
    method: z.string().nullable().describe("Of the request, as prompts/get; null in an act that is about none."),
    tool: z
      .string()
      .nullable()
      .describe("The tool's own name; of a call without a decision what the client wrote. null: it is about no tool."),
    subject: z
      .object({
        kind: z.string().describe("tool, prompt or resource."),
        name: z.string().describe("Own name of the tool or prompt; of a resource its URI, without secrets."),
      })
      .nullable()
      .describe("What it is about. A prompt may have the name of a tool."),
    decision: z
      .string()
      .nullable()
      .describe("null in a request: nobody knew what it is about, or it was refused for its form."),
    policies: z.array(z.unknown()).nullable().describe("Every policy that matched, with its effect and why."),
    shadow: z.array(z.string()).describe("Those of them in mode shadow."),
    arguments_redacted: z.unknown().describe("Without secrets, long texts cut."),
    outcome: z.string().nullable().describe("null: it runs, or its end was never recorded."),
    difference: z
      .unknown()
      .describe(
        "Where a server's definition of a tool has changed: which of its fields, and from what to what its annotations. In a row that stands for many calls (calls_left_out): how many, and since when. Of a change of the configuration or the policies: which files, and digests of before and after.",
      ),
    refused: z
      .object({
        at: z.string().nullable().describe("mcp, stdio, api, console or sign_in."),
        credential: z
          .string()
          .nullable()
          .describe("What kind of one came: none, bearer, key, basic, cookie or other. null: they were of several."),
        claimed_issuer: z
          .string()
          .nullable()
          .describe("Who made the token as it says itself: nobody has verified that."),
        count: z.int().describe("For how many requests the row stands."),
        since: z.string().nullable().describe("When the first of them came. null: it is the first itself."),
        reason: z.string().nullable().describe("Why a sign-in to the console was refused."),
      })
      .nullable()
      .describe("Of requests that were refused, and of sign-ins to the console that were. The code is the outcome."),
    duration_ms: z.number().nullable(),
    asked_ms: z.number().nullable().describe("For how much of that its server waited for answers of the client."),
    trace_id: z.string().nullable(),
    approval: z.string().nullable().describe("Id of the request for approval that it is about."),
    challenge: z.string().nullable().describe("Id of the sign-in that it was sent to, or that let it pass."),
  })
  .meta({ id: "AuditEntry", description: "One call with its end, or one act." });

/** A page of the record. */
export const auditListSchema = pageOf(auditEntrySchema);

/** Everything about one call. */
export const timelineSchema = z
  .object({
    entries: z
      .array(auditEntrySchema)
      .describe("The call, the runs of its approval, and what people decided; the oldest first."),
    cut: z.boolean().describe("There are more entries: an agent has asked again and again."),
    approval: approvalDetailSchema.nullable().describe("The request for approval that it opened, joined or ran with."),
  })
  .meta({ id: "Story", description: "Everything on record about one call." });

const text = (max: number, description: string) => z.string().min(1).max(max).optional().describe(description);

const filter = {
  user: text(320, "Subject or e-mail."),
  upstream: text(64, "Name of a server."),
  tool: text(512, "A tool's own name, or <server>/<tool>. Finds nothing about prompts and resources."),
  method: text(64, "Of the request that it is about: tools/call, prompts/get, resources/read, …"),
  subject: text(512, "Own name of a tool or prompt, or URI of a resource as it stands on record."),
  decision: z.enum(DECISION_EFFECTS).optional(),
  kind: z
    .enum(AUDIT_KINDS)
    .exclude(["closed", "checkpoint"])
    .optional()
    .describe(
      "Only entries of this kind. Lists hold refused requests only where kind, code, outcome or call asks for them.",
    ),
  code: text(64, "Code with which a request was refused: TOKEN_INVALID, METHOD_UNKNOWN, PARAMS_INVALID, …"),
  outcome: text(
    64,
    "How it ended: an outcome of an entry, failed (the tool's error, its server's fault, or a malformed call), fault, or malformed.",
  ),
  client: text(512, "Id of the client's credential, or what the program calls itself, with or without its version."),
  policy: text(128, "Id of a policy that matched, in shadow too."),
  shadow: flag.describe("true: only calls on which a policy in shadow matched."),
  approval: text(64, "Id of a request for approval: who asked, who decided, what came of it."),
  call: text(128, "Id of a call, or its trace id."),
  since: timeInput.optional().describe("From then on. RFC 3339."),
  until: timeInput.optional().describe("Before then. RFC 3339."),
};

/** What `GET /audit` can be asked for. */
export const auditQuerySchema = z.strictObject({
  ...filter,
  limit: limitOf(500, 50),
  cursor: numberCursor,
});

/** What `GET /audit/export` can be asked for. */
export const auditExportSchema = z.strictObject({
  ...filter,
  format: z.enum(["jsonl", "csv"]).default("jsonl").describe("JSON Lines, or a table for spreadsheets."),
});

/** What both can be asked for. */
export type AuditFilterInput = Omit<z.output<typeof auditExportSchema>, "format">;

const latency = {
  p50_ms: z.number().nullable().describe("To about a tenth of the value."),
  p95_ms: z.number().nullable(),
};

/** Of calls of tools. */
const upstreams = z.array(
  z.object({
    upstream: z.string(),
    calls: z.int().describe("All of them, however they ended."),
    faults: z.int().describe("Calls that its server failed."),
    unanswered: z
      .int()
      .describe(
        "Calls that ended without an answer by no fault of its server: cancelled, cut off at the gateway, or given up where it asked something.",
      ),
    unended: z.int().describe("Calls without an end on record: they run, or their gateway was lost."),
    p50_ms: latency.p50_ms.describe(
      "Of the calls that it answered, without the time in which it waited for the user; to about a tenth of the value. null: it answered none.",
    ),
    p95_ms: latency.p95_ms,
  }),
);
const waiting = z
  .object({ decided: z.int(), ...latency })
  .describe("How long requests for approval waited for people.");

/** Figures over a time. */
export const activitySchema = z
  .object({
    since: time,
    until: time,
    step_seconds: z.number().describe("Length of a span."),
    points: z
      .array(
        z.object({
          at: time,
          decisions: z.record(z.string(), z.int()).describe("Calls of tools by decision."),
          others: z
            .object({ prompt: z.record(z.string(), z.int()), resource: z.record(z.string(), z.int()) })
            .describe("Requests about prompts and about resources, by decision."),
          upstreams,
          waiting,
        }),
      )
      .describe("Every span, also those in which nothing happened."),
    upstreams,
    waiting,
    behind: z.int().describe("Rows of the record that are not counted yet."),
  })
  .meta({ id: "Activity", description: "Figures over a time." });

/** What `GET /activity` can be asked for. */
export const activityQuerySchema = z.strictObject({
  since: timeInput.optional().describe("RFC 3339. A day before until, without it."),
  until: timeInput.optional().describe("RFC 3339. Now, without it."),
  step_seconds: z.coerce
    .number()
    .int()
    .min(300)
    .max(2_678_400)
    .default(3_600)
    .describe("Length of a span; rounded up to what is counted, and so far that there are 1,000 spans at most."),
});
