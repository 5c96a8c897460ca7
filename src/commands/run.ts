import { Command, CommanderError } from "commander";
import { VERSION } from "../core/version.ts";
import type { Shell } from "./shell.ts";

// In the order of the help. A start is mostly the reading of code, so a command reads its own only, and what is only needed
// to run it (the gateway, the store) not before it runs.
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command, shell: Shell) => void>>> = {
  serve: async () => (await import("./serve.ts")).registerServe,
  demo: async () => (await import("./demo/demo.ts")).registerDemo,
  stdio: async () => (await import("./stdio.ts")).registerStdio,
  check: async () => (await import("./check.ts")).registerCheck,
  policy: async () => (await import("./policy/policy.ts")).registerPolicyCommands,
  approvals: async () => (await import("./approvals/approvals.ts")).registerApprovals,
  upstreams: async () => (await import("./upstreams/upstreams.ts")).registerUpstreams,
  audit: async () => (await import("./audit/audit.ts")).registerAuditCommands,
  keys: async () => (await import("./keys.ts")).registerKeys,
};

/** Runs what these arguments ask for, as users wrote them after the program's name. Resolves when it is done. */
export async function runPortcullis(args: readonly string[], shell: Shell): Promise<void> {
  const program = new Command("portcullis")
    .description(
      "An MCP gateway: one endpoint over many MCP servers, every tool call decided by policy files and recorded.",
    )
    .version(VERSION)
    .showHelpAfterError("(add --help for the options)")
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      writeErr: (text) => shell.err(text.replace(/\n$/, "")),
    })
    .exitOverride();

  // Whatever is no command by its full name (an option, a mistake, nothing) is answered by all of them, the version by none.
  const asked = args[0] ?? "";
  const answering = Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS);
  for (const name of asked === "--version" || asked === "-V" ? [] : answering) {
    const register = await COMMANDS[name]?.();
    register?.(program, shell);
  }

  try {
    await program.parseAsync(args, { from: "user" });
  } catch (err) {
    if (!(err instanceof CommanderError)) throw err;
    // Help and version were asked for; everything else is a usage error, and commander has already said which.
    shell.setExitCode(err.exitCode === 0 ? 0 : 2);
  }
}
