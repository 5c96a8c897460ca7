import { z } from "zod";
import { APPROVAL_STATES } from "../../core/approval.ts";
import { approvalSubjectSchema } from "../approvals/schema.ts";

/** What an event carries in its `data`; its `event` is the `kind`. It says what changed, never what it holds. */
export const eventSchema = z
  .discriminatedUnion("kind", [
    z
      .object({
        kind: z.literal("approval"),
        id: z.string(),
        state: z.enum(APPROVAL_STATES),
        version: z.int(),
        upstream: z.string(),
        method: z.string().describe("What was asked for, as prompts/get."),
        tool: z.string().nullable().describe("null: it is about no tool."),
        subject: approvalSubjectSchema,
      })
      .describe("A request for approval that you may see came to be, or changed."),
    z
      .object({
        kind: z.literal("upstream"),
        upstream: z.string(),
        state: z.enum(["connecting", "ready", "down", "removed"]),
      })
      .describe("An upstream is in another state. For administrators."),
    z
      .object({
        kind: z.literal("definitions"),
        upstream: z.string(),
        tools: z.int().describe("How many are new, changed or gone. Which, and how, is on record."),
      })
      .describe("An upstream describes its tools otherwise than before. For administrators."),
    z
      .object({
        kind: z.literal("policies"),
        digest: z.string().describe("SHA-256 of the set in force."),
        refused: z.boolean().describe("Whether newer files do not compile, so that the set before stays in force."),
      })
      .describe("The policy files were read anew. For administrators."),
  ])
  .meta({ id: "Event", description: "The data of one event; its event field is the kind." });
