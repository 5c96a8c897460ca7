import { type ChildProcess, spawn } from "node:child_process";
import { processesWith } from "../support/marked-processes.ts";

/** A command to run to its end. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** What a command printed. */
export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** More than that of one stream is an error: nothing that is started here says so much. */
const MAX_OUTPUT = 64_000_000;

/** The variable by which everything that is started for one entry is found again. */
export const TAG = "PORTCULLIS_COMPAT";

const running = new Set<ChildProcess>();

/** Starts a program as a process group of its own, which ends with this process at the latest. */
export function startGroup(command: string, args: readonly string[], options: Pick<Command, "cwd" | "env">) {
  const child = spawn(command, args, { ...options, detached: true, stdio: ["pipe", "pipe", "pipe"] });
  running.add(child);
  child.once("close", () => running.delete(child));
  // Whoever writes to it hears of its end otherwise.
  child.stdin.on("error", () => {});
  return child;
}

/** Kills a program with all that it started. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nothing of the group is left.
  }
}

/** Kills everything that was started here. */
export function killAll(): void {
  for (const child of running) killGroup(child);
}

/** Runs a command to its end. @throws with the end of what it printed if it fails or takes too long */
export function runCommand({ command, args, timeoutMs, ...options }: Command): Promise<CommandOutput> {
  return new Promise((resolve, reject) => {
    const child = startGroup(command, args, options);
    child.stdin.end();
    const out = { stdout: "", stderr: "" };
    const said = () => `${out.stdout.slice(-1_500)}${out.stderr.slice(-1_500)}`.trim();
    let late = "";
    const stop = (why: string) => {
      late = why;
      killGroup(child);
    };
    const timer = setTimeout(() => stop(`did not end within ${timeoutMs / 1000} s`), timeoutMs);
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        out[stream] += text;
        if (out[stream].length > MAX_OUTPUT) stop("printed too much");
      });
    }
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      killGroup(child);
      if (code === 0 && late === "") resolve(out);
      else reject(new Error(`${command} ${late === "" ? `ended with ${code ?? signal}` : late}: ${said()}`));
    });
  });
}

/** Waits until nothing with this tag runs; kills and counts what does so after `graceMs`. Linux only: elsewhere it counts none. */
export async function countLeft(tag: string, graceMs: number): Promise<number> {
  if (process.platform !== "linux") return 0;
  const deadline = Date.now() + graceMs;
  for (;;) {
    const left = processesWith(`${TAG}=${tag}`);
    if (left.length === 0) return 0;
    if (Date.now() > deadline) {
      for (const pid of left) kill(pid);
      return left.length;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
