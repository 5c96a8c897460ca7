import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { CLI } from "../support/built.ts";

let dir: string;
let taken: Server;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "portcullis-refused-"));
  mkdirSync(join(dir, "folder"));
  writeFileSync(join(dir, "text.db"), "not a database, whatever its name says".repeat(100));
  mkdirSync(join(dir, "bad"));
  writeFileSync(join(dir, "bad/p.yaml"), "policies: [{ id: p, then: { denny: {} } }]\n");
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  taken.close();
  rmSync(dir, { recursive: true, force: true });
});

/** What a gateway starts with, and one change. */
function configured(change: object): string {
  const file = join(dir, "portcullis.yaml");
  const upstream = { command: process.execPath, args: ["-e", "process.stdin.resume()"] };
  const usual = { server: { port: 0 }, auth: { anonymous: true }, upstreams: { quiet: upstream } };
  writeFileSync(file, stringify({ ...usual, store: { url: `file:${join(dir, "good.db")}` }, ...change }));
  return file;
}

const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
};

describe.each(["serve", "stdio"])("a start of `%s` that is refused", (command) => {
  it.each<[string, () => object, RegExp]>([
    ["a database that is none", () => ({ store: { url: `file:${join(dir, "text.db")}` } }), /text\.db/],
    ["a folder for a database", () => ({ store: { url: `file:${join(dir, "folder")}` } }), /is not a file/],
    ["a policy with a mistake", () => ({ policies: { dir: join(dir, "bad") } }), /denny/],
    ["a folder for an anchor", () => ({ audit: { anchor: { file: join(dir, "folder") } } }), /folder/],
  ])("for %s says why, and ends by itself", (_what, change, why) => {
    const ran = spawnSync(process.execPath, [CLI, command, "-c", configured(change())], { input: "", timeout: 60_000 });
    expect([ran.status, ran.stderr.toString()]).toEqual([1, expect.stringMatching(why)]);
  });
});

it("a start of `serve` on a port that is taken says so, and ends by itself", () => {
  const file = configured({ server: { port: portOf(taken) } });
  // Its server is being started meanwhile, and would answer a minute later.
  const ran = spawnSync(process.execPath, [CLI, "serve", "-c", file], { timeout: 45_000 });
  expect([ran.status, ran.stderr.toString()]).toEqual([1, expect.stringContaining("already listens")]);
});
