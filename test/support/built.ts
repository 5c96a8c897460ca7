import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const SOURCES = ["src", "scripts/copy-assets.ts", "package.json", "tsconfig.json", "tsconfig.build.json"];
/** As old as the build began: what is written while it runs is newer than it. */
const STAMP = join(ROOT, "node_modules/.built-for-tests");

/** The program as users get it: `node` starts it in a fraction of the time that its sources take. */
export const CLI = join(ROOT, "dist/cli.js");

/** The demo's tool server, built. */
export const TOOL_SERVER = join(ROOT, "dist/demo/tool-server.js");

/** vitest's global setup: builds what the tests start, unless no source is newer than the last build. @throws if it fails */
export function setup(): void {
  if (isBuilt()) return;
  const begun = new Date();
  const built = spawnSync("npm", ["run", "build"], { cwd: ROOT, encoding: "utf8" });
  if (built.status !== 0) throw new Error(`npm run build failed:\n${built.stdout}${built.stderr}`);
  writeFileSync(STAMP, "");
  utimesSync(STAMP, begun, begun);
}

function isBuilt(): boolean {
  if (!existsSync(STAMP) || !existsSync(CLI)) return false;
  const built = statSync(STAMP).mtimeMs;
  return SOURCES.every((source) => newestIn(join(ROOT, source)) < built);
}

// A folder is newer, too, when something in it was removed or renamed.
function newestIn(path: string): number {
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))));
}
