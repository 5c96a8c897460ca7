import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the servers of one entry work, with a few files in it; beside it is a folder for the gateway. */
export interface WorkFolder {
  readonly dir: string;
  remove(): Promise<void>;
}

/** Makes one anew: what a server did for an entry before is not there. */
export async function makeWorkFolder(): Promise<WorkFolder> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "portcullis-compat-")));
  const dir = join(root, "work");
  await mkdir(join(dir, "repository"), { recursive: true });
  await mkdir(join(root, "gateway"));
  await writeFile(join(dir, "notes.md"), "# Notes\n\nGrüße, 9007199254740993 and \u{1f600}.\n");
  await writeFile(join(dir, "sample.js"), "const unused = 1;\n");
  await writeFile(join(dir, "eslint.config.js"), 'export default [{ rules: { "no-unused-vars": "error" } }];\n');
  await writeFile(join(dir, "package.json"), '{ "private": true, "type": "module" }\n');
  commit(join(dir, "repository"));
  return { dir, remove: () => rm(root, { recursive: true, force: true, maxRetries: 3 }) };
}

function commit(repository: string): void {
  const when = "2026-11-30T12:00:00Z";
  const env = { ...process.env, GIT_AUTHOR_DATE: when, GIT_COMMITTER_DATE: when, GIT_CONFIG_GLOBAL: "/dev/null" };
  const who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
  const git = (...args: string[]) => spawnSync("git", [...who, ...args], { cwd: repository, env });
  git("init", "-q");
  git("commit", "-q", "--allow-empty", "-m", "Begin");
}
