import { type Command, Option } from "commander";
import { stringify } from "yaml";
import { createApiKey } from "../identity/api-keys.ts";
import { bold, type Shell } from "./shell.ts";

interface CreateOptions {
  readonly name: string;
  readonly user?: string;
  readonly kind: "person" | "machine";
  readonly role: readonly string[];
  readonly group: readonly string[];
  readonly json?: boolean;
}

/** `portcullis keys create`: makes an API key and shows it once, with the entry that lets it in. */
export function registerKeys(program: Command, shell: Shell): void {
  const keys = program.command("keys").description("API keys");
  keys
    .command("create")
    .description("make an API key; it is shown once, and only its hash goes into the configuration")
    .requiredOption("-n, --name <name>", "name of the key in logs, audit and policies")
    .option("-u, --user <user>", "whom the key acts for, such as an e-mail address; without it: a machine")
    .addOption(
      new Option(
        "-k, --kind <kind>",
        "in whose hands it is: a person's also approves, administers, signs in to the console",
      )
        .choices(["person", "machine"])
        .default("machine", "machine: an agent's, which only calls, for its user if it has one"),
    )
    .option("-r, --role <role>", "role of the user, repeatable", collect, [])
    .option("-g, --group <group>", "group of the user, repeatable", collect, [])
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExample:\n  $ portcullis keys create --name ann-laptop --user ann@acme.com --kind person --role employee --role cfo\n" +
        "  $ portcullis keys create --name ann-agent --user ann@acme.com --role employee\n",
    )
    .action((options: CreateOptions) => {
      if (options.kind === "person" && options.user === undefined) {
        shell.err("A key of kind person needs its user: --user.");
        shell.setExitCode(2);
        return;
      }
      const { key, hash } = createApiKey();
      const entry = {
        name: options.name,
        hash,
        ...(options.user === undefined ? {} : { user: options.user, kind: options.kind }),
        ...(options.role.length === 0 ? {} : { roles: [...options.role] }),
        ...(options.group.length === 0 ? {} : { groups: [...options.group] }),
      };
      if (options.json === true) {
        shell.out(JSON.stringify({ key, entry }));
        return;
      }
      shell.out(`${bold(shell, key)}

This is the only time that the key is shown. Clients send it as

  Authorization: Bearer <key>

Add its entry to the configuration, then restart the gateway:

${indent(stringify({ auth: { api_keys: [entry] } }, { lineWidth: 0 }))}`);
    });
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, "  ");
}
