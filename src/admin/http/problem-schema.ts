import { z } from "zod";
import { APPROVAL_STATES } from "../../core/approval.ts";

/** Why a request was refused: RFC 9457. `code` is the identity of the problem and never changes its meaning. */
export const problemSchema = z
  .object({
    type: z.string().describe("about:blank: the code says which problem it is."),
    title: z.string().describe("The HTTP status in words."),
    status: z.int(),
    detail: z.string().describe("For people: what is wrong, and what to do."),
    code: z.string().describe("For programs."),
    errors: z
      .array(z.object({ at: z.string().describe("Which member or parameter."), message: z.string() }))
      .readonly()
      .optional()
      .describe("What is wrong with the input, each mistake."),
    current: z
      .object({ state: z.enum(APPROVAL_STATES), version: z.int(), arguments_digest: z.string() })
      .optional()
      .describe("With 409: how the request stands now."),
  })
  .meta({ id: "Problem", description: "A refusal, as application/problem+json." });
export type ProblemBody = z.output<typeof problemSchema>;
