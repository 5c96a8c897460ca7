import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { stringify } from "yaml";
import { CLI } from "../support/built.ts";
import { eventually } from "../support/eventually.ts";
import { processesWith } from "../support/marked-processes.ts";
import { type Program, startProgram } from "../support/program.ts";
import { UGLY_TREES } from "../support/ugly-trees.ts";

it.skipIf(process.platform !== "linux")("a gateway leaves no process behind, however it ends", async () => {
  const tag = randomUUID();
  const dir = mkdtempSync(join(tmpdir(), "portcullis-processes-"));
  mkdirSync(join(dir, "policies"));
  const upstreams = Object.fromEntries(
    Object.values(UGLY_TREES).map(([command, args], at) => [
      `up${at}`,
      { command, args, env: { UGLY_TAG: tag }, era: "legacy" },
    ]),
  );
  const config = { server: { port: 0 }, auth: { anonymous: true }, upstreams };
  writeFileSync(join(dir, "portcullis.yaml"), stringify(config));
  const started = async (): Promise<Program> => {
    const args = [CLI, "serve", "-c", join(dir, "portcullis.yaml")];
    const program = await startProgram({
      name: "serve",
      command: process.execPath,
      args,
      cwd: dir,
      ready: /MCP +http/,
    });
    await eventually(async () => (of(program).length >= Object.keys(upstreams).length ? true : undefined));
    return program;
  };
  const of = ({ pid }: Program) =>
    processesWith(`UGLY_TAG=${tag}`).filter((each) => markOf(each).startsWith(`PORTCULLIS_CHILD=${pid}.`));
  const none = () => eventually(async () => (processesWith(`UGLY_TAG=${tag}`).length === 0 ? true : undefined));
  const programs: Program[] = [];
  try {
    const first = await started();
    programs.push(first);
    process.kill(first.pid, "SIGKILL");
    await eventually(async () => first.ended() || undefined);
    expect(of(first).length).toBeGreaterThan(0);

    // The next start ends what was left.
    const second = await started();
    programs.push(second);
    expect(of(first)).toEqual([]);
    await second.stop(20_000);
    expect(second.exitCode()).toBe(0);
    await none();

    // Somebody who presses Ctrl-C twice does not wait.
    const third = await started();
    programs.push(third);
    process.kill(third.pid, "SIGINT");
    await eventually(async () => third.output().includes("stopping") || undefined);
    process.kill(third.pid, "SIGINT");
    await eventually(async () => third.ended() || undefined);
    await none();
  } finally {
    for (const program of programs) await program.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});

function markOf(pid: number): string {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return variables.find((variable) => variable.startsWith("PORTCULLIS_CHILD=")) ?? "";
  } catch {
    return "";
  }
}
