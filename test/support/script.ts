import { spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import { testProgram } from "./built.ts";

/** A script in a process of its own. */
export interface ScriptRun {
  /** Complete lines of its standard output so far. */
  readonly lines: readonly string[];
  /** Resolves once there are `count` lines. @throws if it ends before */
  untilLines(count: number): Promise<void>;
  kill(): void;
  /** Resolves when it has ended and everything that it wrote has been read. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly stderr: string }>;
}

/** Starts a program of `support/programs/` under this Node. `shellPrefix` runs in the same shell first, say `ulimit -f 100`. */
export function startScript(name: string, args: readonly string[], shellPrefix = ":"): ScriptRun {
  const command = `${shellPrefix}; exec "$0" "$@"`;
  const child = spawn("bash", ["-c", command, process.execPath, testProgram(name), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const lines: string[] = [];
  let rest = "";
  let stderr = "";
  let onLine: () => void = () => {};
  child.stdout.on("data", (chunk: Buffer) => {
    const parts = (rest + chunk.toString("utf8")).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    onLine();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString("utf8");
  });
  const ended = new Promise<{ code: number | null; signal: string | null; stderr: string }>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal, stderr }));
  });
  return {
    lines,
    untilLines: (count) =>
      new Promise((resolve, reject) => {
        onLine = () => {
          if (lines.length >= count) resolve();
        };
        onLine();
        void ended.then(() => reject(new Error(`${name} ended after ${lines.length} lines: ${stderr}`)));
      }),
    kill: () => child.kill("SIGKILL"),
    ended,
  };
}
