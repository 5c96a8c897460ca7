import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { Command } from "commander";
import { registerPolicyCommands } from "../../src/commands/policy/policy.ts";

/** What a command printed, and what the process would end with. */
export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `portcullis policy …` in this process. @throws for usage errors and for --help, with what it printed */
export async function runPolicyCommand(...args: readonly string[]): Promise<CommandResult> {
  let code = 0;
  let help = "";
  const stdout = new PassThrough();
  // Read as it comes: a command waits for whoever reads its output.
  const printed = text(stdout);
  const errors: string[] = [];
  const program = new Command().exitOverride().configureOutput({
    writeOut: (written) => {
      help += written;
    },
    writeErr: (written) => errors.push(written),
  });
  registerPolicyCommands(program, {
    out: (line) => stdout.write(`${line}\n`),
    err: (line) => errors.push(line),
    env: {},
    colours: false,
    command: "portcullis",
    setExitCode: (given) => {
      code = given;
    },
    stopped: () => Promise.resolve(),
    stdin: new PassThrough(),
    stdout,
  });
  try {
    await program.parseAsync(["policy", ...args], { from: "user" });
  } catch (err) {
    throw new Error(help + errors.join("\n"), { cause: err });
  }
  stdout.end();
  return { code, out: await printed, err: errors.join("\n") };
}
