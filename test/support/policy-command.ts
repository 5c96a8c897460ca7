import { PassThrough } from "node:stream";
import { Command } from "commander";
import { registerPolicyCommands } from "../../src/commands/policy.ts";

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
  const errors: string[] = [];
  const program = new Command().exitOverride().configureOutput({
    writeOut: (text) => {
      help += text;
    },
    writeErr: (text) => errors.push(text),
  });
  registerPolicyCommands(program, {
    out: (text) => stdout.write(`${text}\n`),
    err: (text) => errors.push(text),
    env: {},
    colours: false,
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
  const out: unknown = stdout.read();
  return { code, out: out === null ? "" : String(out), err: errors.join("\n") };
}
