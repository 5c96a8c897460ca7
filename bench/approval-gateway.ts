import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { APPROVALS_CONFIG } from "../test/support/approval-people.ts";
import { freePort, startProgram, untilOk } from "../test/support/program.ts";

/** The configuration of a gateway, and where it will be. */
export interface BenchFiles {
  readonly file: string;
  /** Without a slash at the end. */
  readonly url: string;
}

/** A gateway whose only tool waits for a finance lead. */
export interface BenchGateway {
  readonly url: string;
  stop(): Promise<void>;
}

const POLICIES = `policies:
  - { id: ask, target: { tools: ["bench/*"] }, then: { request_approval: { flow: single } } }
`;
const ROOT = join(import.meta.dirname, "..");

/** Writes its configuration and policies. */
export async function writeApprovalFiles(dir: string, upstream: string): Promise<BenchFiles> {
  const file = join(dir, "portcullis.yaml");
  const port = await freePort();
  mkdirSync(join(dir, "policies"));
  writeFileSync(join(dir, "policies", "bench.yaml"), POLICIES);
  const config = {
    ...APPROVALS_CONFIG,
    server: { port, log: { level: "warn" } },
    upstreams: { bench: { url: upstream } },
    store: { url: `file:${join(dir, "portcullis.db")}` },
  };
  writeFileSync(file, stringify(config));
  return { file, url: `http://127.0.0.1:${port}` };
}

/** Starts it as users do, built (`dist`) or from source. */
export async function startApprovalGateway({ file, url }: BenchFiles, dist: boolean): Promise<BenchGateway> {
  const cli = dist ? [join(ROOT, "dist/cli.js")] : ["--import", "tsx", join(ROOT, "src/cli.ts")];
  const program = await startProgram({
    name: "the gateway",
    command: process.execPath,
    args: [...cli, "serve", "-c", file],
    cwd: ROOT,
  });
  try {
    await untilOk(`${url}/readyz`, program, 60_000);
  } catch (error) {
    await program.stop();
    throw error;
  }
  return { url, stop: () => program.stop(10_000) };
}
