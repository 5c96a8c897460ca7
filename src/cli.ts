#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { registerApprovals } from "./commands/approvals.ts";
import { registerAuditCommands } from "./commands/audit.ts";
import { registerCheck } from "./commands/check.ts";
import { registerDemo } from "./commands/demo.ts";
import { registerKeys } from "./commands/keys.ts";
import { registerPolicyCommands } from "./commands/policy.ts";
import { registerServe } from "./commands/serve.ts";
import type { Shell } from "./commands/shell.ts";
import { registerStdio } from "./commands/stdio.ts";
import { registerUpstreams } from "./commands/upstreams.ts";
import { VERSION } from "./version.ts";

const shell: Shell = {
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  env: process.env,
  colours: process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined,
  setExitCode: (code) => {
    process.exitCode = code;
  },
  stopped: () =>
    new Promise((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        process.once(signal, () => {
          resolve();
          process.once(signal, () => process.exit(130));
        });
      }
    }),
  stdin: process.stdin,
  stdout: process.stdout,
};

const program = new Command("portcullis")
  .description(
    "An MCP gateway: one endpoint over many MCP servers, every tool call decided by policy files and recorded.",
  )
  .version(VERSION)
  .showHelpAfterError("(add --help for the options)")
  .showSuggestionAfterError()
  .exitOverride();

registerServe(program, shell);
registerDemo(program, shell);
registerStdio(program, shell);
registerCheck(program, shell);
registerPolicyCommands(program, shell);
registerApprovals(program, shell);
registerUpstreams(program, shell);
registerAuditCommands(program, shell);
registerKeys(program, shell);

try {
  await program.parseAsync();
} catch (err) {
  if (!(err instanceof CommanderError)) throw err;
  // Help and version were asked for; everything else is a usage error, and commander has already said which.
  process.exitCode = err.exitCode === 0 ? 0 : 2;
}
