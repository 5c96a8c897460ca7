/**
 * Runs the official conformance suite against two fixture servers, once directly and once through the gateway, and
 * compares scenario by scenario: what passes directly must pass through the gateway.
 *
 *   npm run conformance -- [--direct] [--only SCENARIO] [--requirements REVISION] [--dist]
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parse, stringify } from "yaml";
import { freePort, type Program, startProgram, untilOk } from "../support/program.ts";
import { REVISIONS, type Revision, requiredScenarios, runSuite, type ScenarioResult } from "./suite.ts";
import { judge, type Row, renderTable } from "./verdict.ts";

const FIXTURES: Readonly<Record<Revision, string>> = {
  "2025-11-25": "fixture-legacy.ts",
  "2026-07-28": "fixture-modern.ts",
};
/** One run of the suite takes seconds; a server that hangs costs this much and no more. */
const RUN_TIMEOUT_MS = 240_000;

const { values: options } = parseArgs({
  options: {
    direct: { type: "boolean", default: false },
    only: { type: "string" },
    requirements: { type: "string" },
    dist: { type: "boolean", default: false },
  },
});

async function startFixture(revision: Revision): Promise<Program & { readonly url: string }> {
  const program = await startProgram({
    name: `the ${revision} fixture`,
    command: process.execPath,
    args: ["--import", "tsx", join(import.meta.dirname, FIXTURES[revision])],
    env: { PORT: "0" },
    ready: /listening (http:\S+)/,
  });
  const url = program.ready?.[1];
  if (url === undefined) throw new Error("The fixture did not say where it listens");
  return { ...program, url };
}

async function startGateway(upstream: string, directory: string): Promise<Program & { readonly url: string }> {
  const port = await freePort();
  await mkdir(join(directory, "policies"));
  const config = join(directory, "portcullis.yaml");
  await writeFile(
    config,
    stringify({
      server: { host: "127.0.0.1", port },
      auth: { anonymous: true },
      upstreams: { fixture: { url: upstream } },
      policies: { dir: join(directory, "policies") },
      store: { url: `file:${join(directory, "portcullis.db")}` },
    }),
  );
  const program = await startProgram({
    name: "the gateway",
    command: process.execPath,
    args: [...(options.dist ? ["dist/cli.js"] : ["--import", "tsx", "src/cli.ts"]), "serve", "-c", config],
    cwd: join(import.meta.dirname, "../.."),
  });
  try {
    await untilOk(`http://127.0.0.1:${port}/readyz`, program, 20_000);
  } catch (error) {
    await program.stop();
    throw error;
  }
  return { ...program, url: `http://127.0.0.1:${port}/mcp/fixture` };
}

async function expectedFailures(revision: Revision): Promise<ReadonlyMap<string, string>> {
  const file = join(import.meta.dirname, `expected-failures-${revision}.yml`);
  const { server }: { server?: unknown } = parse(await readFile(file, "utf8")) ?? {};
  if (!Array.isArray(server)) throw new Error(`${file}: "server" must be a list`);
  return new Map(
    server.map((entry: unknown) => {
      if (typeof entry !== "object" || entry === null)
        throw new Error(`${file}: every entry needs scenario and reason`);
      const scenario: unknown = Reflect.get(entry, "scenario");
      const reason: unknown = Reflect.get(entry, "reason");
      if (typeof scenario !== "string" || typeof reason !== "string" || reason === "") {
        throw new Error(`${file}: every entry needs scenario and reason`);
      }
      return [scenario, reason];
    }),
  );
}

async function runRevision(revision: Revision): Promise<readonly Row[]> {
  const directory = await mkdtemp(join(tmpdir(), "portcullis-conformance-"));
  const fixture = await startFixture(revision);
  let gateway: (Program & { readonly url: string }) | undefined;
  try {
    const run = (url: string) => runSuite({ url, revision, only: options.only, timeoutMs: RUN_TIMEOUT_MS });
    const direct = await run(fixture.url);
    let through: ReadonlyMap<string, ScenarioResult> | undefined;
    if (!options.direct) {
      gateway = await startGateway(fixture.url, directory);
      through = await run(gateway.url);
    }
    const required = (await requiredScenarios(revision)).filter(
      (name) => options.only === undefined || name === options.only,
    );
    const rows = judge({ required, direct, through, expected: await expectedFailures(revision) });
    process.stdout.write(`\n${revision}\n${renderTable(rows)}\n`);
    if (gateway !== undefined && rows.some((row) => row.verdict === "failed")) {
      process.stdout.write(`\nThe gateway's last lines:\n${gateway.output().slice(-4_000)}\n`);
    }
    return rows;
  } finally {
    await gateway?.stop();
    await fixture.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const wanted = options.requirements;
  const revisions = REVISIONS.filter((revision) => wanted === undefined || revision === wanted);
  if (revisions.length === 0) throw new Error(`--requirements must be one of ${REVISIONS.join(", ")}`);

  const rows: Row[] = [];
  for (const revision of revisions) rows.push(...(await runRevision(revision)));
  const count = (verdict: Row["verdict"]) => rows.filter((row) => row.verdict === verdict).length;
  const expected = count("expected");
  if (expected > 0) process.stdout.write(`\n${expected} expected to fail, see expected-failures-*.yml\n`);
  process.stdout.write(`\nconformance: ${count("passed")} passed, ${count("failed")} failed\n`);
  return count("failed") === 0 && count("passed") > 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.stdout.write("\nconformance: 0 passed, 1 failed\n");
  process.exitCode = 1;
}
