import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLI } from "./built.ts";
import { type Program, startProgram } from "./program.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The demo as a process of its own, and what its tour says. */
export interface Demo {
  readonly program: Program;
  /** The folder of its data. */
  readonly data: string;
  /** What this matches in the tour, as printed; with more than one match the last. @throws if there is none */
  printed(pattern: RegExp): string;
  /** The line of the tour that calls this tool. */
  curl(tool: string): string;
  stop(): Promise<void>;
}

/** Starts it on free ports in a folder of its own. `node`: more options for the process. */
export async function startDemo(node: readonly string[] = []): Promise<Demo> {
  const data = mkdtempSync(join(tmpdir(), "portcullis-demo-"));
  const program = await startProgram({
    name: "the demo",
    command: process.execPath,
    args: [...node, CLI, "demo", "--port", "0", "--data", data],
    ready: /Ctrl-C stops it/,
    readyMs: 60_000,
  });
  function printed(pattern: RegExp): string {
    const found = [...program.output().matchAll(pattern)].at(-1)?.[0];
    if (found === undefined) throw new Error(`The tour has no ${pattern}: ${program.output()}`);
    return found;
  }
  return {
    program,
    data,
    printed,
    curl(tool) {
      const lines = [...program.output().matchAll(/^ {3}curl -s[\s\S]*?-d '.*'$/gm)].map(([line]) => line);
      const found = lines.find((line) => line.includes(`"name":"${tool}"`));
      if (found === undefined) throw new Error(`The tour does not call ${tool}: ${program.output()}`);
      return found;
    },
    async stop() {
      await program.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** Runs lines in a shell of their own, as somebody who follows the tour would. */
export function runLines(lines: string) {
  const child = spawn("sh", ["-c", lines], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const texts = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    texts.out += chunk.toString("utf8");
  });
  child.stderr.on("data", (chunk: Buffer) => {
    texts.err += chunk.toString("utf8");
  });
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, ...texts }));
  });
  return { child, texts, ended };
}
