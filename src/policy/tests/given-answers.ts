import { z } from "zod";
import type { GuardRequirement, Said } from "../../core/decision.ts";
import type { Answers } from "../answer.ts";
import { type Consultation, type ConsultationReply, type Consulted, consult } from "../consult.ts";
import { ARGUMENTS_GUARD } from "../file/schema.ts";
import type { InputSchemas } from "../input-schemas/input-schemas.ts";
import type { PolicyInput, PolicySet } from "../policy-set.ts";
import { letsPass } from "../said.ts";
import { type GivenResult, givenArguments, givenResultSchema } from "./given-call.ts";

const reason = z.string().min(1).max(1000);

/** What decision points and guards answer, as an author writes it down: by their names. */
export const givenAnswersSchema = z
  .record(
    z.string().min(1).max(64),
    z.union([
      z.enum(["allow", "pass", "deny", "error"]),
      z.strictObject({ deny: reason.describe("It refuses, for this reason.") }),
      z
        .strictObject({
          arguments: givenArguments.describe("What a guard puts in place of the arguments.").optional(),
          result: givenResultSchema.describe("What a guard puts in place of the result.").optional(),
        })
        .refine(
          ({ arguments: args, result }) => args !== undefined || result !== undefined,
          "Give arguments, result or both.",
        ),
    ]),
  )
  .describe(
    "What decision points and guards answer, by their names: allow, pass, deny, error, or what they put in place.",
  );

/** The same, after the schema's checks. */
export type GivenAnswers = z.infer<typeof givenAnswersSchema>;

/** What a test is run with. */
export interface AnswerSources {
  readonly answers: Answers;
  readonly inputSchemas: InputSchemas;
  readonly given: GivenAnswers | undefined;
  /** Hears of whom the test gives no answer, or none that they could give; it counts as an error then. `hint`: what they could. */
  unanswered(by: string, hint: string): void;
}

/**
 * What a decided request comes to with the answers that a test gives, as the gateway would ask for them: see `consult`. The guard
 * that is built in answers for itself. Pure. @throws never
 */
export function consultGiven(set: PolicySet, first: Consulted, sources: AnswerSources): Consulted {
  const steps = consult(first, {
    replaced: (input, content) =>
      input.request.method === "tools/call" || input.request.method === "prompts/get"
        ? { ...input, arguments: content }
        : "Nothing of it can be replaced.",
    again: (input) => sources.answers.again(set, input, first.transformed),
  });
  let step = steps.next([]);
  while (step.done !== true) step = steps.next(step.value.map((one) => replyTo(one, sources)));
  return step.value;
}

function replyTo({ effect, requirement: { by }, input }: Consultation, sources: AnswerSources): ConsultationReply {
  if (effect === "guard" && by === ARGUMENTS_GUARD) return { said: ofArguments(input, sources.inputSchemas) };
  const given = answerOf(effect, by, sources);
  if (typeof given === "string") return { said: { by, answer: given } };
  if ("deny" in given) return { said: { by, answer: "deny", reason: given.deny } };
  const content = given.arguments;
  return { said: { by, answer: content === undefined ? "pass" : "replace" }, content };
}

function ofArguments({ subject: { kind, definition }, arguments: args }: PolicyInput, schemas: InputSchemas): Said {
  const by = ARGUMENTS_GUARD;
  if (kind !== "tool") return { by, answer: "pass" };
  const fit = schemas.fit(definition["inputSchema"], args);
  if (fit.kind === "fits") return { by, answer: "pass" };
  if (fit.kind === "misfits") return { by, answer: "deny", reason: fit.misfits.join(" ") };
  return { by, answer: "error", reason: fit.reason };
}

/** What each of them can answer: one that the other gives would pass for a yes. */
const CAN_ANSWER = {
  authorize: {
    is: (answer: GivenAnswers[string]) => (typeof answer === "string" ? answer !== "pass" : "deny" in answer),
    hint: 'allow, deny, error, or { deny: "why" }',
  },
  guard: {
    is: (answer: GivenAnswers[string]) => answer !== "allow",
    hint: 'pass, deny, error, { deny: "why" }, or what it puts in place, { arguments: …, result: … }',
  },
} as const;

function answerOf(
  effect: Consultation["effect"],
  by: string,
  { given, unanswered }: Pick<AnswerSources, "given" | "unanswered">,
): GivenAnswers[string] {
  const answer = given !== undefined && Object.hasOwn(given, by) ? given[by] : undefined;
  if (answer !== undefined && CAN_ANSWER[effect].is(answer)) return answer;
  unanswered(by, CAN_ANSWER[effect].hint);
  return "error";
}

/** A result as the guards leave it that look at it; `undefined`: one of them refuses it. @throws never */
export function guardGiven(
  requirements: readonly GuardRequirement[],
  result: GivenResult,
  sources: Pick<AnswerSources, "given" | "unanswered">,
): GivenResult | undefined {
  let seen = result;
  for (const { by, phases, shadow } of requirements) {
    if (!phases.includes("result")) continue;
    const answer = answerOf("guard", by, sources);
    if (shadow) continue;
    if (typeof answer === "string" ? !letsPass({ by, answer }) : "deny" in answer) return undefined;
    if (typeof answer !== "string" && "result" in answer && answer.result !== undefined) seen = answer.result;
  }
  return seen;
}
