import { type Command, InvalidArgumentError, Option } from "commander";
import { approvalDetailSchema, approvalListSchema } from "../../admin/approvals/schema.ts";
import { APPROVAL_STATES, OPEN_STATES } from "../../core/approval.ts";
import type { ApiClient, ApiPlace } from "../api/client.ts";
import { credentialsHelp, printApiJson, refusedBy, withApi, withPlace } from "../api/with-api.ts";
import type { Shell } from "../shell.ts";
import { one, painter, plainText, print } from "../terminal/output.ts";
import { wholeNumber } from "../terminal/whole-number.ts";
import { type DecideOptions, decideApproval } from "./decide.ts";
import { approvalTable, approvalText, historyText } from "./text.ts";
import { SCREEN, UNLIMITED } from "./tree.ts";
import { watchApprovals } from "./watch.ts";

interface ListOptions extends ApiPlace {
  readonly mine?: boolean;
  readonly decidable?: boolean;
  readonly state?: string;
  readonly tool?: string;
  readonly method?: string;
  readonly subject?: string;
  readonly flow?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly watch?: boolean;
  readonly interval: number;
  readonly json?: boolean;
}

interface ShowOptions extends ApiPlace {
  readonly full?: boolean;
  readonly json?: boolean;
}

/** Adds `approvals list`, `show`, `approve` and `reject`: the approver's side, through the API of a running gateway. */
export function registerApprovals(program: Command, shell: Shell): void {
  const approvals = program
    .command("approvals")
    .description("decide calls that wait for approval, in a running gateway");

  withPlace(approvals.command("list"))
    .description("requests that you made or may decide, newest first; administrators see all")
    .option("--mine", "only what you asked for yourself")
    .option("--decidable", "only what you may decide now, the next to end first")
    .option("--state <states>", "all, or states with commas between them (default: those not ended)", parseStates)
    .option("--tool <name>", "tool, or upstream/tool; finds no prompts and resources")
    .option("--method <method>", "of the request, as prompts/get")
    .option("--subject <name>", "own name of a tool or prompt, or URI of a resource")
    .option("--flow <name>", "approval flow")
    .option("--limit <count>", "at most so many, 1 to 100", wholeNumber(1, 100), 50)
    .option("--cursor <cursor>", "what comes after a page before; the list says which")
    .addOption(
      new Option("--watch", "stay, tell what changes, decide by number at a terminal; Ctrl-C ends").conflicts("cursor"),
    )
    .option("--interval <seconds>", "with --watch: how often to look, 1 to 3600", wholeNumber(1, 3600), 2)
    .option("--json", "print {items, next_cursor}; with --watch a line of JSON for each change")
    .addHelpText("after", `\nExamples:\n${LIST_EXAMPLES}\n\n${credentialsHelp()}`)
    .action((options: ListOptions) => withApi(shell, options, (api) => list(shell, api, options)));

  withPlace(approvals.command("show <id>"))
    .description("one request: who asks for what, why it waits, who has decided")
    .option("--full", "show long arguments whole")
    .option("--json", "print the request as the API gives it")
    .addHelpText("after", `\nExample:\n  portcullis approvals show apr_2Xk…\n\n${credentialsHelp()}`)
    .action((id: string, options: ShowOptions) => withApi(shell, options, (api) => show(shell, api, id, options)));

  for (const decision of ["approve", "reject"] as const) {
    withPlace(approvals.command(`${decision} <id>`))
      .description(
        decision === "approve"
          ? "approve a request, after it was shown and you said yes"
          : "reject a request for good, after it was shown and you said yes",
      )
      .option("--reason <text>", "why; the agent reads it, too")
      .option("-y, --yes", "do not ask; required where there is no terminal")
      .option("--json", "print the request afterwards as JSON")
      .addHelpText("after", `\nExample:\n  portcullis approvals ${DECIDE_EXAMPLES[decision]}\n\n${credentialsHelp()}`)
      .action((id: string, options: DecideOptions & ApiPlace) =>
        withApi(shell, options, (api) => decideApproval(shell, api, { id, decision }, options)),
      );
  }
}

const LIST_EXAMPLES = `  portcullis approvals list --decidable
  portcullis approvals list --state rejected,expired --tool expenses/create_expense --json
  portcullis approvals list --watch`;

const DECIDE_EXAMPLES = {
  approve: 'approve apr_2Xk… --reason "Budget confirmed with Ann"',
  reject: 'reject apr_2Xk… --reason "Wrong cost centre"',
} as const;

async function list(shell: Shell, api: ApiClient, options: ListOptions): Promise<void> {
  const path = `/approvals?${queryOf(options)}`;
  if (options.watch === true)
    return watchApprovals(shell, api, path, {
      json: options.json === true,
      everyMs: options.interval * 1_000,
    });
  const page = await api.get(path, approvalListSchema);
  if (!page.ok) return refusedBy(shell, page);
  if (options.json === true) return printApiJson(shell, page.value);
  const { items, next_cursor: next } = page.value;
  if (items.length === 0) shell.err("No such request that you could see.");
  else await print(shell.stdout, one(approvalTable(items, { paint: painter(shell.colours), now: Date.now() })));
  if (next !== null) shell.err(`There is more: add --cursor ${plainText(next)}`);
}

async function show(shell: Shell, api: ApiClient, id: string, options: ShowOptions): Promise<void> {
  const answer = await api.get(`/approvals/${encodeURIComponent(id)}`, approvalDetailSchema);
  if (!answer.ok) return refusedBy(shell, answer);
  if (options.json === true) return printApiJson(shell, answer.value);
  const text = { paint: painter(shell.colours), now: Date.now(), command: shell.command };
  const shown = approvalText(answer.value, text, options.full === true ? UNLIMITED : SCREEN);
  await print(shell.stdout, one(`${shown}\n${historyText(answer.value, text)}`));
}

function queryOf(options: ListOptions): URLSearchParams {
  const { mine, decidable, state = OPEN_STATES.join(","), tool, method, subject, flow, limit, cursor } = options;
  return new URLSearchParams({
    limit: String(limit),
    ...(state === "all" ? {} : { state }),
    ...(mine === true ? { mine: "true" } : {}),
    ...(decidable === true ? { decidable: "true" } : {}),
    ...(tool === undefined ? {} : { tool }),
    ...(method === undefined ? {} : { method }),
    ...(subject === undefined ? {} : { subject }),
    ...(flow === undefined ? {} : { flow }),
    ...(cursor === undefined ? {} : { cursor }),
  });
}

function parseStates(text: string): string {
  const known: readonly string[] = APPROVAL_STATES;
  if (text === "all" || text.split(",").every((state) => known.includes(state))) return text;
  throw new InvalidArgumentError(`Write all, or some of ${APPROVAL_STATES.join(", ")}.`);
}
