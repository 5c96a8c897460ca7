import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { CLI, testProgram } from "../support/built.ts";
import type { CommandRun } from "../support/command.ts";

let dir: string;
let taken: Server;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "portcullis-refused-"));
  mkdirSync(join(dir, "folder"));
  writeFileSync(join(dir, "text.db"), "not a database, whatever its name says".repeat(100));
  mkdirSync(join(dir, "bad"));
  writeFileSync(join(dir, "bad/p.yaml"), "policies: [{ id: p, then: { denny: {} } }]\n");
  mkdirSync(join(dir, "keyless"));
  writeFileSync(join(dir, "keyless/demo-keys.json"), "{");
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  taken.close();
  rmSync(dir, { recursive: true, force: true });
});

/** What a gateway starts with, and one change. */
function configured(name: string, change: object): string {
  const file = join(dir, name);
  const upstream = { command: process.execPath, args: ["-e", "process.stdin.resume()"] };
  const usual = { server: { port: 0 }, auth: { anonymous: true }, upstreams: { quiet: upstream } };
  writeFileSync(file, stringify({ ...usual, store: { url: `file:${join(dir, "good.db")}` }, ...change }));
  return file;
}

const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
};

const refusals = (): readonly (readonly [string, object, RegExp])[] => [
  ["a database that is none", { store: { url: `file:${join(dir, "text.db")}` } }, /text\.db/],
  ["a folder for a database", { store: { url: `file:${join(dir, "folder")}` } }, /is not a file/],
  ["a policy with a mistake", { policies: { dir: join(dir, "bad") } }, /denny/],
  ["a folder for an anchor", { audit: { anchor: { file: join(dir, "folder") } } }, /folder/],
];

/** Runs them in one process, one after the other. */
function runAll(commands: readonly (readonly string[])[]) {
  const args = [testProgram("commands"), ...commands.map((each) => JSON.stringify(each))];
  const ran = spawnSync(process.execPath, args, { input: "", encoding: "utf8", timeout: 60_000 });
  const lines = ran.stdout.trimEnd().split("\n");
  return { status: ran.status, runs: lines.map((line): CommandRun => JSON.parse(line)) };
}

it.each(["serve", "stdio"])(
  "starts of `%s` that are refused say why, and leave nothing that keeps the process",
  (command) => {
    const cases = refusals();
    const { status, runs } = runAll(
      cases.map(([, change], index) => [command, "-c", configured(`refused-${index}.yaml`, change)]),
    );
    expect(status).toBe(0);
    expect(cases.map(([what], index) => [what, runs[index]])).toEqual(
      cases.map(([what, , why]) => [what, expect.objectContaining({ status: 1, stderr: expect.stringMatching(why) })]),
    );
  },
);

it("a demo that cannot run says in a line what to do about it, and leaves nothing that keeps the process", () => {
  const { status, runs } = runAll(
    ["text.db", "keyless"].map((data) => ["demo", "--port", "0", "--data", join(dir, data)]),
  );
  expect(status).toBe(0);
  expect(runs).toMatchObject([
    {
      status: 1,
      stderr: expect.stringMatching(/^.*cannot keep its data in .*text\.db \((EEXIST|ENOTDIR)\)\. .*--data.*\n$/),
    },
    { status: 1, stderr: expect.stringMatching(/^.*demo-keys\.json is broken\. Remove it.*\n$/) },
  ]);
});

it("a start of `serve` on a port that is taken says so, and ends by itself with 1", () => {
  const file = configured("taken.yaml", { server: { port: portOf(taken) } });
  // Its server is being started meanwhile, and would answer a minute later.
  const ran = spawnSync(process.execPath, [CLI, "serve", "-c", file], { timeout: 45_000 });
  expect([ran.status, ran.stderr.toString()]).toEqual([1, expect.stringContaining("already listens")]);
});
