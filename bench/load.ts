import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { echoBody, echoHeaders } from "./echo-call.ts";
import { pinned } from "./machine.ts";

const run = promisify(execFile);

/** One slice of load against one target. */
export interface Load {
  readonly url: string;
  readonly token: string | undefined;
  readonly connections: number;
  readonly seconds: number;
}

/** What a slice measured. Latencies in microseconds. */
export interface LoadResult {
  readonly calls: number;
  readonly callsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Answers that were not HTTP 200, and broken connections. */
  readonly errors: number;
}

/** The program that makes the load. */
export type LoadGenerator = "wrk" | "autocannon";

/** `wrk` if it is installed, else autocannon, which needs more CPU of the same machine and so measures less. */
export function findGenerator(): LoadGenerator {
  try {
    // wrk -v prints its version and exits with 1.
    execFileSync("sh", ["-c", "command -v wrk"], { stdio: "ignore" });
    return "wrk";
  } catch {
    return "autocannon";
  }
}

/** Runs one slice with the generator on the load's CPU. @throws if the generator fails */
export function generate(generator: LoadGenerator, load: Load): Promise<LoadResult> {
  return generator === "wrk" ? withWrk(load) : withAutocannon(load);
}

const ID = "__ID__";

async function withWrk(load: Load): Promise<LoadResult> {
  const directory = await mkdtemp(join(tmpdir(), "portcullis-wrk-"));
  try {
    const script = join(directory, "load.lua");
    await writeFile(script, luaScript(load));
    const [command, args] = pinned("load", "wrk", [
      "-t1",
      `-c${load.connections}`,
      `-d${load.seconds}s`,
      "--timeout",
      "10s",
      "-s",
      script,
      load.url,
    ]);
    const { stdout } = await run(command, args, { timeout: (load.seconds + 30) * 1000 });
    const line = stdout.split("\n").find((candidate) => candidate.startsWith("RESULT "));
    if (line === undefined) throw new Error(`wrk printed no result:\n${stdout}`);
    const [calls = 0, micros = 0, p50 = 0, p99 = 0, errors = 0] = line.slice("RESULT ".length).split(" ").map(Number);
    return { calls, callsPerSecond: (calls * 1e6) / micros, p50, p99, errors };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function luaScript(load: Load): string {
  const [before, after] = echoBody(ID).split(JSON.stringify(ID));
  const headers = Object.entries(echoHeaders(load.token)).map(([name, value]) => `headers["${name}"] = "${value}"`);
  return `
local headers = {}
${headers.join("\n")}
local id = 0
request = function()
  id = id + 1
  return wrk.format("POST", nil, headers, [==[${before}]==] .. id .. [==[${after}]==])
end
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}

const AUTOCANNON = fileURLToPath(import.meta.resolve("autocannon"));

async function withAutocannon(load: Load): Promise<LoadResult> {
  const headers = Object.entries(echoHeaders(load.token)).flatMap(([name, value]) => ["-H", `${name}=${value}`]);
  const [command, args] = pinned("load", process.execPath, [
    AUTOCANNON,
    ...["-c", String(load.connections), "-d", String(load.seconds), "-m", "POST", "-j", "-I"],
    ...headers,
    ...["-b", echoBody("[<id>]"), load.url],
  ]);
  const { stdout } = await run(command, args, { timeout: (load.seconds + 30) * 1000, maxBuffer: 1 << 24 });
  const result = JSON.parse(stdout);
  return {
    calls: result.requests.total,
    callsPerSecond: result.requests.average,
    p50: result.latency.p50 * 1000,
    p99: result.latency.p99 * 1000,
    errors: result.errors + result.timeouts + result.non2xx,
  };
}
