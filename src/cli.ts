#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import type { Shell } from "./commands/shell.ts";
import { VERSION } from "./core/version.ts";
import { ownCommand } from "./main/own-command.ts";

const shell: Shell = {
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  command: ownCommand(process.argv[1] ?? "", process.cwd()),
  env: process.env,
  colours: process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined,
  setExitCode: (code) => {
    process.exitCode = code;
  },
  stopped: () =>
    new Promise((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
        process.once(signal, () => {
          resolve();
          process.once(signal, () => process.exit(130));
        });
      }
    }),
  stdin: process.stdin,
  stdout: process.stdout,
};

// In the order of the help. A start is mostly the reading of code, so a command reads its own only, and what is only needed
// to run it (the gateway, the store) not before it runs.
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command, shell: Shell) => void>>> = {
  serve: async () => (await import("./commands/serve.ts")).registerServe,
  demo: async () => (await import("./commands/demo/demo.ts")).registerDemo,
  stdio: async () => (await import("./commands/stdio.ts")).registerStdio,
  check: async () => (await import("./commands/check.ts")).registerCheck,
  policy: async () => (await import("./commands/policy/policy.ts")).registerPolicyCommands,
  approvals: async () => (await import("./commands/approvals/approvals.ts")).registerApprovals,
  upstreams: async () => (await import("./commands/upstreams/upstreams.ts")).registerUpstreams,
  audit: async () => (await import("./commands/audit/audit.ts")).registerAuditCommands,
  keys: async () => (await import("./commands/keys.ts")).registerKeys,
};

const program = new Command("portcullis")
  .description(
    "An MCP gateway: one endpoint over many MCP servers, every tool call decided by policy files and recorded.",
  )
  .version(VERSION)
  .showHelpAfterError("(add --help for the options)")
  .showSuggestionAfterError()
  .exitOverride();

// Whatever is no command by its full name (an option, a mistake, nothing) is answered by all of them, the version by none.
const asked = process.argv[2] ?? "";
const answering = Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS);
for (const name of asked === "--version" || asked === "-V" ? [] : answering) {
  const register = await COMMANDS[name]?.();
  register?.(program, shell);
}

try {
  await program.parseAsync();
} catch (err) {
  if (!(err instanceof CommanderError)) throw err;
  // Help and version were asked for; everything else is a usage error, and commander has already said which.
  process.exitCode = err.exitCode === 0 ? 0 : 2;
}
