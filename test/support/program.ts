import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";

/** A program to start: what it runs, and how to tell that it is ready. */
export interface ProgramOptions {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A line of stdout or stderr that tells readiness. Without it the program counts as ready once it runs. */
  readonly ready?: RegExp;
  /** How long it may take to become ready, in milliseconds. */
  readonly readyMs?: number;
}

/** A running program. */
export interface Program {
  readonly pid: number;
  /** What `ready` matched, with its groups. */
  readonly ready: RegExpExecArray | undefined;
  /** The last lines that it printed, for a report of what went wrong. */
  output(): string;
  /** Whether it has ended by itself. */
  ended(): boolean;
  /** What it ended with, `null` while it runs or after a signal. */
  exitCode(): number | null;
  /** SIGTERM, and SIGKILL if that is not heard within `graceMs`. Resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
}

const KEPT_OUTPUT = 20_000;

/** Starts a program and waits until it is ready. It never outlives this process. @throws if it does not become ready */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const child = spawn(options.command, options.args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  });
  const killWithParent = () => child.kill("SIGKILL");
  process.once("exit", killWithParent);
  const gone = new Promise<void>((resolve) => {
    child.once("close", () => {
      process.removeListener("exit", killWithParent);
      resolve();
    });
  });

  let kept = "";
  const collect = (chunk: Buffer) => {
    kept = (kept + chunk.toString("utf8")).slice(-KEPT_OUTPUT);
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);

  async function stop(graceMs = 30_000): Promise<void> {
    if (hasEnded(child)) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    await gone;
    clearTimeout(timer);
  }

  try {
    const ready = await untilReady(options, child, () => kept);
    if (child.pid === undefined) throw new Error(`${options.name} did not start`);
    return {
      pid: child.pid,
      ready,
      output: () => kept,
      ended: () => hasEnded(child),
      exitCode: () => child.exitCode,
      stop,
    };
  } catch (error) {
    await stop(1_000);
    throw error;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

function untilReady(
  { name, ready, readyMs = 60_000 }: ProgramOptions,
  child: ChildProcess,
  output: () => string,
): Promise<RegExpExecArray | undefined> {
  return new Promise((resolve, reject) => {
    const finish = (act: () => void) => {
      clearTimeout(timer);
      child.removeAllListeners("exit");
      child.stdout?.removeListener("data", look);
      child.stderr?.removeListener("data", look);
      act();
    };
    const timer = setTimeout(
      () => finish(() => reject(new Error(`${name} was not ready within ${readyMs} ms:\n${output()}`))),
      readyMs,
    );
    const look = () => {
      const found = ready?.exec(output());
      if (found) finish(() => resolve(found));
    };
    child.once("error", (error) => finish(() => reject(error)));
    child.once("exit", (code) => finish(() => reject(new Error(`${name} ended with ${code}:\n${output()}`))));
    if (ready === undefined) child.once("spawn", () => finish(() => resolve(undefined)));
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
  });
}

/** A loopback port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** Asks `url` until it answers 200. @throws if it does not within `timeoutMs`, or the program ends */
export async function untilOk(url: string, program: Program, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let last = "no answer";
  while (Date.now() < deadline && !program.ended()) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      last = `${response.status} ${await response.text()}`;
      if (response.ok) return;
    } catch (error) {
      last = String(error);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} did not answer 200 (${last.slice(0, 500)}):\n${program.output()}`);
}
