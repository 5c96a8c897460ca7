import { z } from "zod";
import { VERDICTS } from "../../core/decision.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import { givenAnswersSchema } from "./given-answers.ts";
import { ABOUT_ONE, type GivenSubject, givenCallShape, givenResultSchema, givenSubject } from "./given-call.ts";

/** What a call can come to that no policy decides: its arguments are not what its server would read. */
export const REFUSED = "refused";

const json: z.ZodType<JsonObject> = z.record(z.string(), z.json());

const definition = z
  .strictObject({
    title: z.string().optional(),
    description: z.string().optional(),
    inputSchema: json.describe("JSON Schema of the arguments. Says which numbers are integers.").optional(),
    outputSchema: json.optional(),
    annotations: json.describe("readOnlyHint, destructiveHint and so on.").optional(),
    _meta: json.optional(),
  })
  .describe("A tool as its server lists it. {} for one that says nothing.");

const prompt = z
  .strictObject({ title: z.string().optional(), description: z.string().optional(), _meta: json.optional() })
  .describe("A prompt as its server lists it. {} for one that says nothing.");

const resource = z
  .strictObject({
    name: z.string().optional(),
    title: z.string().optional(),
    description: z.string().optional(),
    mimeType: z.string().optional(),
    _meta: json.optional(),
  })
  .describe("A resource as its server lists it. {} for one that it does not list.");

/** An id, with its level: `endpoint/finance:no-refunds`. */
const id = z.string().min(1).max(128);
const ids = z.array(id).max(1000);

const testCase = z.strictObject({
  name: z.string().min(1).max(256).describe("What is expected, in a sentence. Unique in the file."),
  given: givenCallShape
    .extend({
      result: givenResultSchema.describe("What the server answers, for policies that redact or guard.").optional(),
      answers: givenAnswersSchema.optional(),
    })
    .refine((given) => givenSubject(given) !== undefined, { error: ABOUT_ONE })
    .describe("The request."),
  expect: z
    .strictObject({
      effect: z
        .enum([...VERDICTS, REFUSED])
        .describe("What the set decides; refused where it is the arguments that the gateway refuses."),
      policies: ids.describe("The ids of all policies that match and apply, in any order; [] for none.").optional(),
      shadow: ids.describe("The ids of all policies in mode shadow that match, in any order.").optional(),
      listed: z.boolean().describe("Whether it is listed for this user and client.").optional(),
      limits: z
        .array(
          z.strictObject({
            policy: id,
            cost: z.number().describe("What the call takes of the limit.").optional(),
          }),
        )
        .describe("The limits that the call counts against, in file order; [] for none.")
        .optional(),
      result: givenResultSchema
        .pick({ structured: true, text: true })
        .describe("What the agent sees of the result.")
        .optional(),
      arguments: json.describe("The arguments that the server gets, as policies make them.").optional(),
      message: z.string().min(1).max(4096).describe("A text that the message to the agent must contain.").optional(),
    })
    .describe("The decision."),
});

/** A file of tests, `*.test.yaml`, as its author writes it. */
export const policyTestSchema = z.strictObject({
  files: z
    .array(z.string().min(1).max(1024))
    .min(1)
    .max(100)
    .describe("The policy files that decide, by their paths from this file. Without it the whole folder does.")
    .optional(),
  default: z
    .enum(["allow", "deny"])
    .describe("policies.default for these tests. Without it what the configuration says.")
    .optional(),
  tools: z
    .record(z.string(), definition)
    .describe("Definitions by upstream/tool. If there are any, tests call no other tools.")
    .optional(),
  prompts: z
    .record(z.string(), prompt)
    .describe("The same of prompts, by upstream/prompt. If there are any, tests get no others.")
    .optional(),
  resources: z
    .record(z.string(), resource)
    .describe("The same of resources, by upstream/uri. Those that a server does not list need not be here.")
    .optional(),
  tests: z.array(testCase).min(1).describe("The tests, each a call and what is expected."),
});

/** A file of tests, after the schema's checks. */
export type PolicyTestFile = z.infer<typeof policyTestSchema>;

/** One test of a file. */
export type PolicyTestCase = PolicyTestFile["tests"][number];

/** Where a file of tests holds the definitions of each kind. */
export const DEFINITIONS = { tool: "tools", prompt: "prompts", resource: "resources" } as const;

/** What a file of tests says of what a request is about; `undefined` where it says nothing. */
export function definitionIn(file: PolicyTestFile, { kind, path }: GivenSubject): JsonObject | undefined {
  const known = file[DEFINITIONS[kind]];
  return known !== undefined && Object.hasOwn(known, path) ? known[path] : undefined;
}

/** The JSON Schema (2020-12) of a file of tests, for editors: `schema/policy-test.schema.json`. */
export function policyTestJsonSchema(): JsonObject {
  const generated: unknown = JSON.parse(JSON.stringify(z.toJSONSchema(policyTestSchema, { io: "input" })));
  if (!isObject(generated)) throw new TypeError("zod made a JSON Schema that is no object");
  return { title: "Portcullis policy tests", ...generated };
}
