import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Plugin } from "vite";
import type { TestProject } from "vitest/node";
import { startsPrograms } from "./starts-programs.ts";

const ROOT = join(import.meta.dirname, "../..");
const SOURCES = ["src", "scripts/copy-assets.ts", "package.json", "tsconfig.json", "tsconfig.build.json"];
const BUILT = join(ROOT, "node_modules/.programs-for-tests");
const PROGRAMS = join(BUILT, "programs");

/** The program as users get it: `node` starts it in a fraction of the time that its sources take. */
export const CLI = join(ROOT, "dist/cli.js");

/** The demo's tool server, built. */
export const TOOL_SERVER = join(ROOT, "dist/demo/tool-server.js");

const PROGRAMS_BUILT = "PORTCULLIS_PROGRAMS_BUILT";

/** Where a program of `support/programs/` lies built. @throws where nothing saw to it that it is, or is of today */
export function testProgram(name: string): string {
  if (process.env[PROGRAMS_BUILT] === undefined)
    throw new Error(`${name} may not be built: add the file of the test to support/starts-programs.ts`);
  return join(PROGRAMS, `${name}.js`);
}

/** vitest's global setup: builds, if a file of this run starts what has to be built. @throws if it fails */
export async function setup({ vitest }: TestProject): Promise<void> {
  if (vitest.state.getPaths().some(startsPrograms)) await buildForTests();
}

/** Builds what the tests start, unless no source is newer than the last build. @throws if it fails */
export async function buildForTests(): Promise<void> {
  await unlessBuilt("product", SOURCES, () => {
    const built = spawnSync("npm", ["run", "build"], { cwd: ROOT, encoding: "utf8" });
    if (built.status !== 0) throw new Error(`npm run build failed:\n${built.stdout}${built.stderr}`);
  });
  await unlessBuilt("programs", ["test/support", "package.json"], buildPrograms);
  process.env[PROGRAMS_BUILT] = "yes";
}

/** The stamp is as old as the build's begin: what is written while it runs is newer than it. */
async function unlessBuilt(what: string, sources: readonly string[], build: () => unknown): Promise<void> {
  const stamp = join(BUILT, `${what}.stamp`);
  if (existsSync(CLI) && existsSync(stamp)) {
    const { mtimeMs } = statSync(stamp);
    if (sources.every((source) => newestIn(join(ROOT, source)) < mtimeMs)) return;
  }
  const begun = new Date();
  await build();
  mkdirSync(BUILT, { recursive: true });
  writeFileSync(stamp, "");
  utimesSync(stamp, begun, begun);
}

/**
 * Compiles the programs of `support/programs/`, with what they share; what they use of the product they load from `dist/`.
 * A transformation at their start, of hundreds of sources, would take longer than all that they do.
 */
async function buildPrograms(): Promise<void> {
  const own = join(import.meta.dirname, "programs");
  const source = `${join(ROOT, "src")}/`;
  const product: Plugin = {
    name: "the product as it is built",
    enforce: "pre",
    resolveId(id, importer) {
      const path = importer === undefined || !id.startsWith(".") ? "" : resolve(dirname(importer), id);
      if (!path.startsWith(source)) return null;
      return { id: join(ROOT, "dist", path.slice(source.length).replace(/\.tsx?$/, ".js")), external: "absolute" };
    },
  };
  const { build } = await import("vite");
  await build({
    configFile: false,
    root: ROOT,
    logLevel: "warn",
    plugins: [product],
    build: {
      ssr: true,
      target: "node20",
      outDir: PROGRAMS,
      emptyOutDir: true,
      rollupOptions: { input: readdirSync(own).map((name) => join(own, name)) },
    },
  });
}

// A folder is newer, too, when something in it was removed or renamed.
function newestIn(path: string): number {
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))));
}
