import type { Command } from "commander";
import { writeExact } from "../../core/exact-json.ts";
import type { Shell } from "../shell.ts";
import { one, print } from "../terminal/output.ts";
import { type ApiAnswer, type ApiClient, type ApiPlace, openApi } from "./client.ts";

/** Adds the options that say which gateway is meant and who asks. */
export function withPlace(command: Command): Command {
  return command
    .option("--gateway <url>", "URL of the gateway")
    .option("-c, --config <file>", "configuration that says where the gateway is")
    .option("--key-file <file>", "file with your API key or access token");
}

/** What `--help` says about these options. */
export function credentialsHelp(): string {
  return `The gateway: --gateway, else PORTCULLIS_URL, else the server section of portcullis.yaml. Who you are: an API key or
access token in PORTCULLIS_KEY, or in a file named with --key-file.`;
}

/** Runs `act` with the API of the gateway that is meant; exit code 2 where nobody can tell which, 1 for the rest. */
export async function withApi(shell: Shell, place: ApiPlace, act: (api: ApiClient) => Promise<void>): Promise<void> {
  const opened = openApi(shell, place);
  if (opened.ok) return act(opened.api);
  shell.err(opened.message);
  shell.setExitCode(opened.usage ? 2 : 1);
}

/** Says why the gateway refused. */
export function refusedBy(shell: Shell, answer: ApiAnswer<never> & { readonly ok: false }): void {
  shell.err(answer.message);
  shell.setExitCode(1);
}

/** Prints what the API gave, for programs. */
export async function printApiJson(shell: Shell, value: object): Promise<void> {
  await print(shell.stdout, one(`${writeExact(value, "  ")}\n`));
}
