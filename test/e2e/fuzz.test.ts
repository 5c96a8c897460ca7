import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { stringify } from "yaml";
import { CLI, testProgram } from "../support/built.ts";
import { type AnyClient, connectRaw } from "../support/clients.ts";
import { eventually } from "../support/eventually.ts";
import { type LegacyUpstream, startLegacyUpstream } from "../support/legacy-upstream.ts";
import { type Program, startProgram } from "../support/program.ts";

/** The long run: `FUZZ_SECONDS=600 npx vitest run test/e2e/fuzz.test.ts`. */
const SECONDS = Number(process.env["FUZZ_SECONDS"] ?? 12);
const SEED = Number(process.env["FUZZ_SEED"] ?? 20_261_130);
/** How much slower the other server's calls may be at the median while four servers rage, also on a machine with one core. */
const FACTOR = 100;
/** What the heap may have grown by once everything is quiet, in bytes. */
const GROWTH = 120 * 1024 * 1024;

const support = join(import.meta.dirname, "../support");
const programs: Program[] = [];
let good: LegacyUpstream | undefined;
let dir = "";

afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop()));
  await good?.close();
  rmSync(dir, { recursive: true, force: true });
});

async function start(name: string, ready: RegExp, args: readonly string[]): Promise<Program> {
  const options = { name, command: process.execPath, cwd: dir, ready, readyMs: 60_000 };
  const program = await startProgram({ ...options, args });
  programs.push(program);
  return program;
}

async function heapOf(gateway: Program): Promise<number> {
  const lines = (): readonly string[] => gateway.output().match(/heap \d+ \d+/g) ?? [];
  const before = lines().length;
  process.kill(gateway.pid, "SIGUSR2");
  const line = await eventually(() => Promise.resolve(lines().length > before ? lines().at(-1) : undefined), 60_000);
  const [, heap = "0", external = "0"] = line.split(" ");
  return Number(heap) + Number(external);
}

/** Milliseconds of `count` calls of the good server, one after the other; each has to succeed. */
async function timed(client: AnyClient, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const begun = performance.now();
    const answer = await client.call("good__echo", { n });
    expect(answer, JSON.stringify(answer)).toMatchObject({ isError: false });
    times.push(performance.now() - begun);
  }
  return times;
}

const isUnlisted = (error: unknown): boolean => error instanceof Error && error.message.endsWith("Unknown tool");
const median = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;

it(
  `lives through ${SECONDS} s of servers that say what no server should (seed ${SEED}), and nobody else notices`,
  async () => {
    dir = mkdtempSync(join(tmpdir(), "portcullis-fuzz-"));
    mkdirSync(join(dir, "policies"));
    good = await startLegacyUpstream();
    const server = testProgram("fuzz-server");
    const url = async (transport: string, seed: number): Promise<string> => {
      const program = await start(transport, /port (\d+)/, [server, transport, String(seed)]);
      return `http://127.0.0.1:${program.ready?.[1]}/mcp`;
    };
    const stdio = { command: process.execPath, args: [server, "stdio", String(SEED)], timeout: "3s" };
    const hostile: Record<string, object> = {
      stdio,
      legacy: { url: await url("legacy", SEED + 1), timeout: "3s" },
      modern: { url: await url("modern", SEED + 2), timeout: "3s" },
      sse: { url: await url("sse", SEED + 3), type: "sse", timeout: "3s" },
    };
    const upstreams = { good: { url: good.url }, ...hostile };
    writeFileSync(
      join(dir, "portcullis.yaml"),
      stringify({ auth: { anonymous: true }, server: { port: 0, log: { level: "error", format: "json" } }, upstreams }),
    );
    const heap = ["--expose-gc", "--import", join(support, "heap.mjs")];

    const begin = async (without: readonly string[]): Promise<{ gateway: Program; client: AnyClient }> => {
      const args = without.flatMap((name) => ["--without", name]);
      const gateway = await start("the gateway", /MCP {8}(\S+)/, [...heap, CLI, "serve", ...args]);
      const client = await connectRaw(gateway.ready?.[1] ?? "");
      // A start goes on without servers that are slow, and on a busy machine the good one may be.
      const isListed = async () => (await client.tools()).includes("good__echo") || undefined;
      await eventually(isListed, 60_000);
      return { gateway, client };
    };
    const calm = await begin(Object.keys(hostile));
    await timed(calm.client, 20);
    const usual = median(await timed(calm.client, 50));
    await calm.gateway.stop();

    const { gateway, client } = await begin([]);
    const quietHeap = await heapOf(gateway);
    const until = performance.now() + SECONDS * 1_000;
    const times: number[] = [];
    const rage = async (name: string): Promise<void> => {
      const caller = await connectRaw(gateway.ready?.[1] ?? "");
      while (performance.now() < until) {
        // Whatever comes of it is the hostile server's own; only that something comes of it counts.
        const refused = await caller.call(`${name}__hurt`, {}).then(() => false, isUnlisted);
        // What its lists lack is refused here, without a word to it: until they are read again, asking on would be a loop.
        if (refused) await setTimeout(100);
      }
    };
    const raging = Promise.all(Object.keys(hostile).map(rage));
    while (performance.now() < until) {
      const told = (err: unknown): never => {
        throw new Error(`The gateway ${gateway.ended() ? "ended" : "runs"}: ${gateway.output().slice(-2_000)}`, {
          cause: err,
        });
      };
      times.push(...(await timed(client, 5).catch(told)));
      await setTimeout(50);
    }
    await raging;

    expect(gateway.ended()).toBe(false);
    // What a server says is a warning at most: an error would be a fault of ours, also one that something caught.
    expect(gateway.output()).not.toContain('"level":50');
    expect(median(times) / usual).toBeLessThan(FACTOR);
    await Promise.all(programs.filter((program) => program !== gateway).map((program) => program.stop()));
    expect(await heapOf(gateway)).toBeLessThan(quietHeap + GROWTH);
    expect(await timed(client, 5)).toHaveLength(5);
  },
  (SECONDS + 300) * 1_000,
);
