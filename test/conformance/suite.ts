import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

/** The two requirement sets, each with the fixture that speaks its era. */
export const REVISIONS = ["2025-11-25", "2026-07-28"] as const;
export type Revision = (typeof REVISIONS)[number];

/** How one scenario went. A scenario without a failed check has passed, as the suite counts it. */
export interface ScenarioResult {
  readonly passed: boolean;
  /** The messages of its failed checks. */
  readonly failures: readonly string[];
  /** Checks that a specification only recommends. */
  readonly warnings: readonly string[];
  /** Ids of the checks that succeeded. */
  readonly successes: readonly string[];
}

const SUITE = fileURLToPath(import.meta.resolve("@modelcontextprotocol/conformance/package.json"));
const SHIM = new URL("./node20-shim.mjs", import.meta.url).href;

/** The scenarios that a revision requires of servers, in the suite's order. */
export async function requiredScenarios(revision: Revision): Promise<readonly string[]> {
  const file = join(SUITE, "..", "requirements", `${revision}.yaml`);
  const { server }: { server?: unknown } = parse(await readFile(file, "utf8"));
  if (!Array.isArray(server)) throw new Error(`${file} lists no server scenarios`);
  return server.map(String);
}

/** What to run against which server. */
export interface SuiteRun {
  readonly url: string;
  readonly revision: Revision;
  /** One scenario instead of the revision's whole set. */
  readonly only: string | undefined;
  /** The whole run ends after so long, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Runs the conformance suite as a program of its own and reads what it saved of each scenario; one that left nothing
 * behind is missing from the answer. @throws if the suite did not end in time
 */
export async function runSuite(run: SuiteRun): Promise<ReadonlyMap<string, ScenarioResult>> {
  const directory = await mkdtemp(join(tmpdir(), "conformance-"));
  try {
    const selection =
      run.only === undefined
        ? ["--requirements", run.revision]
        : // Forced, because scenarios of extensions belong to no revision and would be skipped.
          ["--scenario", run.only, "--spec-version", run.revision, "--force"];
    await execute(
      [
        "--import",
        SHIM,
        join(SUITE, "..", "dist", "index.js"),
        "server",
        "--url",
        run.url,
        ...selection,
        "-o",
        directory,
      ],
      run.timeoutMs,
    );
    return await readResults(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function execute(args: readonly string[], timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    let complaint = "";
    child.stderr.on("data", (chunk: Buffer) => {
      complaint = (complaint + chunk.toString("utf8")).slice(-4000);
    });
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`The conformance suite did not end within ${timeoutMs / 1000} s.`));
    }, timeoutMs);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      // 1 means that checks failed, which is for the caller to judge; anything else that the suite itself did.
      if (code === 0 || code === 1) resolve();
      else reject(new Error(`The conformance suite ended with ${code}: ${complaint}`));
    });
  });
}

async function readResults(directory: string): Promise<ReadonlyMap<string, ScenarioResult>> {
  const results = new Map<string, ScenarioResult>();
  for (const entry of await readdir(directory)) {
    // server-<scenario>-<time of the run>
    const scenario = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(entry)?.[1];
    if (scenario === undefined) continue;
    const checks: unknown = JSON.parse(await readFile(join(directory, entry, "checks.json"), "utf8"));
    if (!Array.isArray(checks)) throw new Error(`${entry}/checks.json is not a list`);
    const failures = messages(checks, "FAILURE");
    results.set(scenario, {
      passed: failures.length === 0,
      failures,
      warnings: messages(checks, "WARNING"),
      successes: ofStatus(checks, "SUCCESS").map((check) => String(Reflect.get(check, "id"))),
    });
  }
  return results;
}

function ofStatus(checks: readonly unknown[], status: string): readonly object[] {
  return checks.filter(
    (check): check is object => typeof check === "object" && check !== null && Reflect.get(check, "status") === status,
  );
}

function messages(checks: readonly unknown[], status: string): readonly string[] {
  return ofStatus(checks, status).map(
    (check) =>
      `${Reflect.get(check, "id")}: ${Reflect.get(check, "errorMessage") ?? Reflect.get(check, "description")}`,
  );
}
