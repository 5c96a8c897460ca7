import type { Command } from "commander";
import { upstreamDetailSchema, upstreamListSchema, upstreamTestSchema } from "../../admin/upstreams/schema.ts";
import type { ApiClient, ApiPlace, ApiRefusal } from "../api/client.ts";
import { credentialsHelp, printApiJson, refusedBy, withApi, withPlace } from "../api/with-api.ts";
import type { Shell } from "../shell.ts";
import { one, painter, plainText, print } from "../terminal/output.ts";
import { buildEntry, type EntryOptions } from "./entry.ts";
import { testText, upstreamTable } from "./text.ts";

interface JsonOption {
  readonly json?: boolean;
}

/** Adds `upstreams list`, `add`, `remove` and `test`: the servers behind a running gateway, through its API. */
export function registerUpstreams(program: Command, shell: Shell): void {
  const upstreams = program
    .command("upstreams")
    .description("MCP servers behind a running gateway; for its administrators");
  const help = `\n\n${credentialsHelp()}`;

  withPlace(upstreams.command("list"))
    .description("all of them, those of the configuration and those that were registered, and how they are")
    .option("--json", "print {items, next_cursor} as the API gives it")
    .addHelpText("after", `\nExample:\n  portcullis upstreams list${help}`)
    .action((options: ApiPlace & JsonOption) => withApi(shell, options, (api) => list(shell, api, options)));

  withPlace(upstreams.command("add <name>"))
    .description("register one while the gateway runs; it is kept, and its tools are offered once it is reached")
    .option("--url <url>", "its MCP endpoint")
    .option(
      "--header <header>",
      "header to send, repeatable: 'Name: value'; a credential as a reference, which is replaced here",
      (header: string, all: readonly string[] | undefined) => [...(all ?? []), header],
    )
    .option("--type <type>", "http or sse. Default: http, and sse where that is what the server speaks")
    .option("--timeout <duration>", "deadline of one request, such as 30s")
    .option("--isolation <kind>", "session (every client its own) or shared")
    .option("--entry <file>", "a whole entry as in upstreams: of the configuration, JSON or YAML")
    .option("--json", "print the upstream as the API gives it")
    .addHelpText("after", `\nExamples:\n${ADD_EXAMPLES}${help}`)
    .action((name: string, options: ApiPlace & EntryOptions & JsonOption) => {
      const built = buildEntry(shell, options);
      if (built.ok) return withApi(shell, options, (api) => add(shell, api, { ...built.entry, name }, options));
      shell.err(built.message);
      return shell.setExitCode(2);
    });

  withPlace(upstreams.command("remove <name>"))
    .description("remove one that was registered; its tools are gone at once, and its credentials with them")
    .addHelpText("after", `\nExample:\n  portcullis upstreams remove github${help}`)
    .action((name: string, options: ApiPlace) => withApi(shell, options, (api) => remove(shell, api, name)));

  withPlace(upstreams.command("test <name>"))
    .description("connect to one anew, beside the connection that runs, and list its tools")
    .option("--json", "print what came of it as the API gives it")
    .addHelpText(
      "after",
      `\nExample:\n  portcullis upstreams test github\n\nExit code: 0 it works, 1 it does not, 2 usage.${help}`,
    )
    .action((name: string, options: ApiPlace & JsonOption) =>
      withApi(shell, options, (api) => test(shell, api, name, options)),
    );
}

const ADD_EXAMPLES = `  portcullis upstreams add github --url https://mcp.example.com/mcp --header 'Authorization: Bearer \${GH_TOKEN}'
  portcullis upstreams add crm --url https://crm.example.com/sse --type sse --header 'X-Api-Key: \${file:crm.key}'
  portcullis upstreams add files --entry files.json`;

async function list(shell: Shell, api: ApiClient, options: JsonOption): Promise<void> {
  const answer = await api.get("/upstreams", upstreamListSchema);
  if (!answer.ok) return refusedBy(shell, answer);
  if (options.json === true) return printApiJson(shell, answer.value);
  if (answer.value.items.length === 0) {
    return shell.err(`There are none yet: ${shell.command} upstreams add --help, or upstreams: in the configuration.`);
  }
  await print(shell.stdout, one(`${upstreamTable(answer.value.items, painter(shell.colours)).trimEnd()}\n`));
}

async function add(shell: Shell, api: ApiClient, body: { readonly name: string }, options: JsonOption): Promise<void> {
  const answer = await api.post("/upstreams", body, upstreamDetailSchema);
  if (!answer.ok) return refusedWith(shell, answer);
  if (options.json === true) return printApiJson(shell, answer.value);
  const { name, address } = answer.value;
  const next = `Its tools are offered once it is reached: ${shell.command} upstreams test ${plainText(name)}`;
  await print(shell.stdout, one(`${plainText(name)} is registered, at ${plainText(address)}.\n${next}\n`));
}

async function remove(shell: Shell, api: ApiClient, name: string): Promise<void> {
  const answer = await api.delete(pathOf(name));
  if (!answer.ok) return refusedBy(shell, answer);
  await print(shell.stdout, one(`${plainText(name)} is removed.\n`));
}

async function test(shell: Shell, api: ApiClient, name: string, options: JsonOption): Promise<void> {
  const answer = await api.post(`${pathOf(name)}/test`, {}, upstreamTestSchema);
  if (!answer.ok) return refusedBy(shell, answer);
  if (!answer.value.ok) shell.setExitCode(1);
  if (options.json === true) return printApiJson(shell, answer.value);
  await print(shell.stdout, one(`${testText(name, answer.value, painter(shell.colours))}\n`));
}

function pathOf(name: string): string {
  return `/upstreams/${encodeURIComponent(name)}`;
}

/** A refusal with each mistake on a line of its own. */
function refusedWith(shell: Shell, refusal: ApiRefusal): void {
  const errors = refusal.problem?.errors ?? [];
  if (errors.length < 2) {
    refusedBy(shell, refusal);
    return;
  }
  const mistakes = errors.map(
    ({ at, message }) => `  ${plainText(at === "" ? "the entry" : at)}: ${plainText(message)}`,
  );
  shell.err([`The entry was refused (${refusal.problem?.code ?? ""}):`, ...mistakes].join("\n"));
  shell.setExitCode(1);
}
