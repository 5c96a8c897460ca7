import type { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { runPortcullis } from "../../src/commands/run.ts";

/** What a command printed, and what its process would end with. */
export interface CommandRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

// The types of `process` know no name of either.
const faults: EventEmitter = process;
const FAULTS = ["uncaughtException", "unhandledRejection"];

/**
 * Runs `portcullis …` in this process, as `cli.ts` does, from `cwd` and with this on standard input. Whether a process of its
 * own would end then, it cannot tell.
 */
export async function runCommandHere(cwd: string, args: readonly string[], input = ""): Promise<CommandRun> {
  let status = 0;
  let stderr = "";
  const stdout = new PassThrough();
  // Read as it comes: a command waits for whoever reads its output.
  const printed = text(stdout);
  const stdin = new PassThrough();
  stdin.end(input);
  const before = process.cwd();
  // A command whose process ends with it listens for its faults until then.
  const listening = FAULTS.map((name) => faults.listeners(name));
  process.chdir(cwd);
  try {
    await runPortcullis(args, {
      out: (line) => stdout.write(`${line}\n`),
      err: (line) => {
        stderr += `${line}\n`;
      },
      env: process.env,
      colours: false,
      command: "portcullis",
      setExitCode: (code) => {
        status = code;
      },
      stopped: () => new Promise(() => {}),
      stdin,
      stdout,
    });
  } finally {
    process.chdir(before);
    for (const [index, name] of FAULTS.entries())
      for (const listener of faults.listeners(name))
        if (!listening[index]?.includes(listener)) faults.off(name, listener as () => void);
  }
  stdout.end();
  return { status, stdout: await printed, stderr };
}
