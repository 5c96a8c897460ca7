#!/usr/bin/env node
import { runPortcullis } from "./commands/run.ts";
import { ownCommand } from "./main/own-command.ts";

await runPortcullis(process.argv.slice(2), {
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
});
