/**
 * Measures the gateway against what stands around it, everything in one run on this machine: the upstream alone, nginx
 * in front of it, the gateway in several setups, and an SDK server with an SDK client behind it.
 *
 *   npm run bench -- [--seconds 2] [--rounds 3] [--connections 1,16,64] [--only TEXT] [--dist] [--against CHECKOUT]
 *
 * `--against` measures the built gateway of another checkout beside this one's, in the same setups: what a change costs.
 *
 * The targets take turns within every round, so that a slow minute of the machine hits all of them. Compare numbers of
 * one run only. Uses wrk, nginx and taskset where they are installed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { checkEcho } from "./echo-call.ts";
import { startIssuer } from "./issuer.ts";
import { findGenerator, generate } from "./load.ts";
import { canPin, cpuMicros, foreignLoad, hasNginx, residentBytes } from "./machine.ts";
import { measuredTable, ratioTable, type Sample } from "./report.ts";
import { startGateway, startNginx, startSdkRelay, startUpstream, type Target } from "./targets.ts";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "1,16,64" },
    only: { type: "string" },
    dist: { type: "boolean", default: false },
    against: { type: "string" },
  },
});
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const levels = options.connections.split(",").map(Number);
const generator = findGenerator();
const print = (text: string) => process.stdout.write(`${text}\n`);

async function measure(target: Target, connections: number): Promise<Sample> {
  const load = { url: target.url, token: target.token, connections };
  await generate(generator, { ...load, seconds: 1 });
  const before = cpuMicros(target.program.pid);
  const result = await generate(generator, { ...load, seconds });
  const cpu = cpuMicros(target.program.pid) - before;
  if (result.errors > 0 || result.calls === 0) {
    throw new Error(`${target.name} failed ${result.errors} of ${result.calls} calls\n${target.program.output()}`);
  }
  // wrk counts statuses only: a tool error would look like a fast answer.
  await checkEcho(target.url, target.token);
  return {
    target: target.name,
    connections,
    callsPerSecond: result.callsPerSecond,
    p50: result.p50,
    p99: result.p99,
    cpu: cpu / result.calls,
    resident: residentBytes(target.program.pid),
  };
}

const directory = await mkdtemp(join(tmpdir(), "portcullis-bench-"));
const targets: Target[] = [];
/** Ends what was started, last first. */
const cleanups: (() => unknown)[] = [() => rm(directory, { recursive: true, force: true })];

async function start(name: string, starter: () => Promise<Target>): Promise<string | undefined> {
  if (options.only !== undefined && name !== "upstream, direct" && !name.includes(options.only)) return undefined;
  const target = await starter();
  targets.push(target);
  cleanups.push(() => target.program.stop());
  return target.name;
}

try {
  print(
    `${cpus()[0]?.model ?? "unknown CPU"}, ${cpus().length} CPUs, Node ${process.version}; load by ${generator}, ` +
      `${canPin ? "measured programs on a CPU of their own" : "nothing pinned"}; ` +
      `medians of ${rounds} rounds of ${seconds} s\n`,
  );
  const issuer = await startIssuer();
  cleanups.push(issuer.close);
  const upstream = await startUpstream("load");
  cleanups.push(() => upstream.program.stop());
  const direct = "upstream, direct";
  const here = options.dist ? join(import.meta.dirname, "..") : undefined;
  const setUp = (name: string, policies: number, jwt: boolean, built: string | undefined) =>
    start(name, () =>
      startGateway({ name, policies, issuer: jwt ? issuer : undefined }, upstream.url, directory, built),
    );
  const gateway = async (name: string, policies: number, jwt: boolean) => {
    await setUp(name, policies, jwt, here);
    if (options.against !== undefined) await setUp(`${name}, before`, policies, jwt, resolve(options.against));
  };
  await start(direct, () => startUpstream("measured"));
  const nginx = hasNginx ? await start("nginx proxy_pass", () => startNginx(upstream.url, directory)) : undefined;
  await gateway("gateway, plain", 0, false);
  await gateway("gateway, JWT + 100 policies", 100, true);
  await gateway("gateway, JWT + 5,000 policies", 5_000, true);
  const sdk = await start("SDK server + SDK client", () => startSdkRelay(upstream.url));

  // A program that just started runs interpreted code: what is measured is one that has been running for a while.
  for (const { url, token } of targets) await generate(generator, { url, token, connections: 16, seconds: 4 });

  const samples: Sample[] = [];
  let foreign = 0;
  for (let round = 1; round <= rounds; round++) {
    foreign = Math.max(foreign, await foreignLoad());
    for (const connections of levels) {
      for (const target of targets) {
        const sample = await measure(target, connections);
        samples.push(sample);
        print(
          `  round ${round}, ${connections} connection(s), ${target.name}: ${Math.round(sample.callsPerSecond)} calls/s`,
        );
      }
    }
  }
  const names = targets.map((target) => target.name);
  print(`\n${measuredTable(samples, names, levels)}\n\n${ratioTable(samples, { direct, nginx, sdk }, names, levels)}`);
  if (foreign > 0.12) {
    print(
      `\nOther programs used up to ${Math.round(foreign * 100)} % of this machine: measure again when it is quiet.`,
    );
  }
  if (nginx === undefined) print("\nnginx is not installed or not selected: no comparison with it.");
} catch (error) {
  print(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  for (const cleanup of cleanups.reverse()) await cleanup();
}
