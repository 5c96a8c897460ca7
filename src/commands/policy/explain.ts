import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { approvalsNeeded } from "../../approvals/rules/combine-flows.ts";
import { refusalText } from "../../core/errors.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import { JSON_LIMITS } from "../../core/limits.ts";
import { parseJson } from "../../core/parse-json.ts";
import { DECIDED_METHODS, type DecidedMethod } from "../../core/subject.ts";
import { explainCall } from "../../policy/explain/explain.ts";
import { pathOf } from "../../policy/known-tool.ts";
import { parseTimestamp } from "../../policy/syntax/timestamps.ts";
import {
  ABOUT_ONE,
  type GivenCall,
  type GivenSubject,
  givenSubject,
  inputOfCall,
} from "../../policy/tests/given-call.ts";
import type { Shell } from "../shell.ts";
import { one, painter, plainText, print } from "../terminal/output.ts";
import { approvalsJson } from "./explanation-approvals.ts";
import { explanationText } from "./explanation-text.ts";
import { findKnownTools } from "./known-tools.ts";
import { type PlaceOptions, printJson, readPlace, reportErrors, withPolicyPlace } from "./place.ts";

interface ExplainOptions extends PlaceOptions {
  readonly tool?: string;
  readonly prompt?: string;
  readonly resource?: string;
  readonly method?: DecidedMethod;
  readonly args: JsonObject;
  readonly user?: string;
  readonly id?: string;
  readonly role: readonly string[];
  readonly group: readonly string[];
  readonly client?: string;
  readonly ip?: string;
  readonly endpoint?: string;
  readonly time?: string;
  readonly definition?: JsonObject;
}

/** `portcullis policy explain`: what the policies make of one call, and why. */
export function registerPolicyExplain(policy: Command, shell: Shell): void {
  withPolicyPlace(policy.command("explain"))
    .description("decide one request and tell of every policy why it counted or did not")
    .option("--tool <upstream/tool>", "the tool that is called, by its upstream and its own name", parsePath)
    .option("--prompt <upstream/prompt>", "or the prompt that is got", parsePath)
    .option("--resource <upstream/uri>", "or the resource that is read, by its upstream and its URI there", parsePath)
    .addOption(
      new Option("--method <method>", "what else is asked of it, such as its completion").choices(
        Object.keys(DECIDED_METHODS),
      ),
    )
    .option("--args <json>", "the arguments, or @FILE", parseObject, {})
    .option("--user <email>", "who calls")
    .option("--id <subject>", "the user's id, where it is not the e-mail")
    .option("--role <role>", "a role of the user; repeat it for more", append, [])
    .option("--group <group>", "a group of the user; repeat it for more", append, [])
    .option("--client <name>", "the client's name")
    .option("--ip <address>", "where the call comes from; 127.0.0.1 without it")
    .option("--endpoint <name>", "the part after /mcp/")
    .option("--time <time>", "when, as RFC 3339 has it; now without it", parseTime)
    .option(
      "--definition <json>",
      "it as its server lists it, or @FILE, in place of the one that the gateway has listed",
      parseObject,
    )
    .addHelpText(
      "after",
      `
Examples:
  portcullis policy explain --user ann@acme.com --role employee \\
    --tool expenses/create_expense --args '{"amount": 12000}'
  portcullis policy explain --tool files/read --args @call.json --time 2026-01-31T09:00:00Z --json
  portcullis policy explain --resource docs/file:///hr/salaries.csv --role intern

Exit code: 0 explained, whatever was decided; 1 the policies have mistakes; 2 usage.`,
    )
    .action((options: ExplainOptions, command: Command) => {
      const subject = givenSubject(options);
      if (subject === undefined) command.error(`error: ${ABOUT_ONE} Give --tool, --prompt or --resource.`, USAGE);
      return explain(options, subject, shell);
    });
}

async function explain(options: ExplainOptions, subject: GivenSubject, shell: Shell): Promise<void> {
  const place = await readPlace(options, shell);
  if (place === undefined) return;
  const { definition, decidedWith } = await definitionFor(options, subject, shell);
  const explained = explainCall(place.policies, place, inputOfCall(callOf(options), definition));
  if (!explained.ok) {
    await reportErrors(explained.errors, place.policies, options, shell);
    return;
  }
  const { decision, refusal, transformed, policies } = explained;
  const needed = refusal === undefined ? approvalsNeeded(decision, place.approvalFlows) : undefined;
  if (options.json) {
    await printJson(
      {
        decision,
        ...(refusal && { refusal: { code: refusal.code, message: refusalText(refusal) } }),
        ...(transformed && { sent: { arguments: transformed.arguments } }),
        ...(needed && { approvals: approvalsJson(needed) }),
        policies,
        decided_with: decidedWith,
      },
      shell,
    );
    return;
  }
  shell.err(plainText(decidedWith));
  await print(shell.stdout, one(explanationText(explained, needed, policies, painter(shell.colours))));
}

/** The definition: the one that is given, else that of the tool that the gateway has listed, as it decides with. */
async function definitionFor(
  options: ExplainOptions,
  { kind, path }: GivenSubject,
  shell: Shell,
): Promise<{ readonly definition: JsonObject | undefined; readonly decidedWith: string }> {
  const { definition } = options;
  if (definition !== undefined) return { definition, decidedWith: `Decided with the given definition of ${path}.` };
  if (kind !== "tool") {
    const decidedWith = `Decided without what its server lists of ${path}: a condition that reads more than its name fails. Give it with --definition.`;
    return { definition: undefined, decidedWith };
  }
  const known = await findKnownTools(options, shell.env);
  const listed = known.ok ? known.tools.find((it) => pathOf(it) === path) : undefined;
  if (listed !== undefined)
    return { definition: listed.definition, decidedWith: `Decided with ${path} as it was listed last.` };
  const why = known.ok ? `it is none of ${known.source}.` : known.reason;
  return {
    definition: undefined,
    decidedWith: `Decided without the definition of ${path}, its types and defaults: ${why}`,
  };
}

/** How the other options are refused. */
const USAGE = { exitCode: 2, code: "portcullis.subject" };

function callOf(options: ExplainOptions): GivenCall {
  const { tool, prompt, resource, method, args, user, id, role, group, client, ip, endpoint } = options;
  return {
    ...{ tool, prompt, resource, method, args },
    user: { email: user, id, roles: [...role], groups: [...group] },
    client: { name: client, ip },
    endpoint,
    time: options.time ?? new Date().toISOString(),
  };
}

function append(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function parsePath(text: string): string {
  if (/^[^/]+\/.+$/s.test(text)) return text;
  throw new InvalidArgumentError(
    "Write it with its upstream before it, for example expenses/create_expense or docs/file:///a.md.",
  );
}

function parseTime(text: string): string {
  if (parseTimestamp(text) !== undefined) return text;
  throw new InvalidArgumentError("Write it as 2026-01-31T09:00:00Z.");
}

function parseObject(text: string): JsonObject {
  const parsed = parseJson(text.startsWith("@") ? readText(text.slice(1)) : text, JSON_LIMITS);
  if (!parsed.ok) throw new InvalidArgumentError(`This is not JSON that a call may carry (${parsed.problem.code}).`);
  if (!isObject(parsed.value)) throw new InvalidArgumentError("This must be a JSON object, like {}.");
  return parsed.value;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new InvalidArgumentError(`The file ${path} cannot be read.`);
  }
}
