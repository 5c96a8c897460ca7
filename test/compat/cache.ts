import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./run-command.ts";

/** An installation takes so long at most. */
const INSTALL_MS = 400_000;

/** Where everything is installed: outside of any project, so that nothing is found that was not asked for. */
export function defaultCache(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "portcullis-compat");
}

/** Installs what entries need, once; a second run finds it. */
export interface Cache {
  readonly dir: string;
  /** What npx needs to take packages from this cache: also for programs that the gateway starts. */
  readonly npmEnv: Readonly<Record<string, string>>;
  /** A folder with these npm packages (`name@version`) in its `node_modules`. @throws if they cannot be installed */
  npm(packages: readonly string[]): Promise<string>;
  /** Has `npx -y` know a package. @throws if it cannot be installed */
  npx(spec: string): Promise<void>;
  /** A folder with these packages of PyPI: `bin/python` sees them. @throws if they cannot be installed */
  python(packages: readonly string[]): Promise<string>;
  /** A folder with a program of Go, built from `source` with `module@version`. @throws if it cannot be built */
  go(source: string, module: string): Promise<string>;
}

export function createCache(dir: string): Cache {
  // Prepared packages are used as they are: a start asks the registry nothing.
  const npmEnv = {
    npm_config_cache: join(dir, "npm"),
    npm_config_prefer_offline: "true",
    npm_config_update_notifier: "false",
  };
  // What packages do when they are installed is mostly to fetch browsers, and none here needs it.
  const env = { ...withoutNpm(process.env), ...npmEnv, npm_config_ignore_scripts: "true" };
  const run = (command: string, args: readonly string[], cwd: string) =>
    runCommand({ command, args, cwd, env, timeoutMs: INSTALL_MS });

  // The mark is written last, so that an installation that was interrupted is made anew.
  async function once(kind: string, name: string, install: (folder: string) => Promise<void>): Promise<string> {
    const folder = join(dir, kind, name.replace(/[^\w.@-]+/g, "+").slice(0, 150));
    const mark = join(folder, ".installed");
    if (existsSync(mark) && (await readFile(mark, "utf8")) === name) return folder;
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await install(folder);
    await writeFile(mark, name);
    return folder;
  }

  return {
    dir,
    npmEnv,
    npm: (packages) =>
      once("node", packages.join(" "), async (folder) => {
        await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
        await run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...packages], folder);
      }),
    npx: async (spec) => {
      await once("npx", spec, async (folder) => {
        await run("npx", ["-y", "--package", spec, "-c", "true"], folder);
      });
    },
    python: (packages) =>
      once("python", packages.join(" "), async (folder) => {
        await run("python3", ["-m", "venv", "."], folder);
        await run(join(folder, "bin/python"), ["-m", "pip", "install", "-q", ...packages], folder);
      }),
    go: async (source, module) => {
      const text = await readFile(source, "utf8");
      return await once("go", `${module} ${text.length}`, async (folder) => {
        await writeFile(join(folder, "main.go"), text);
        await run("go", ["mod", "init", "compat"], folder);
        await run("go", ["get", module], folder);
        await run("go", ["mod", "tidy"], folder);
        await run("go", ["build", "-o", "client", "."], folder);
      });
    },
  };
}

/** `npm run` tells its children of itself, which would move their cache and their folder. */
function withoutNpm(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !/^npm_(?!config_(registry|cafile))/i.test(name) && name !== "INIT_CWD")
      kept[name] = value;
  }
  return kept;
}
