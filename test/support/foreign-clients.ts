import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const SOURCES = join(import.meta.dirname, "peers");

/** Where `.ci/run` puts what it fetches for these clients. */
const CACHE = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "portcullis-peers");

/** What a client finds on a server, and what it could not use of what it was told to. */
export interface Seen {
  readonly tools: readonly string[];
  readonly prompts: readonly string[];
  readonly resources: readonly string[];
  readonly resourceTemplates: readonly string[];
  readonly failed: readonly string[];
}

export type Uses = Readonly<Record<"tools" | "prompts" | "resources", readonly string[]>>;

/** A client in another language, or why it is not on this machine. */
export type ForeignClient =
  | { readonly ok: true; look(url: string, uses: Uses): Promise<Seen> }
  | { readonly ok: false; readonly missing: string };

/** The Python SDK (`mcp`), from where `.ci/run` puts it or the machine has it; nothing is fetched here. */
export function pythonClient(mode: "legacy" | "auto"): ForeignClient {
  const own = join(CACHE, "python/bin/python");
  const python = existsSync(own) ? own : "python3";
  // Version 1 has another interface. To import it only to see takes longer than all of its work.
  const tried = spawnSync(python, ["-c", "import importlib.metadata as m; assert m.version('mcp')[0] >= '2'"]);
  if (tried.status !== 0) return { ok: false, missing: "the Python SDK is not on this machine." };
  return { ok: true, look: (url, uses) => run(python, [join(SOURCES, "client.py"), url, mode], uses) };
}

/** The Go SDK, built into `dir` from modules that the machine has; nothing is fetched here. */
export function goClient(dir: string): ForeignClient {
  const command = join(dir, "go-client");
  const env = { ...process.env, GOPROXY: "off", GOFLAGS: "-mod=readonly", GOTOOLCHAIN: "local" };
  const built: SpawnSyncReturns<string> = spawnSync("go", ["build", "-o", command, "."], {
    cwd: join(SOURCES, "go-client"),
    env,
    encoding: "utf8",
  });
  if (built.error !== undefined) return { ok: false, missing: "Go is not installed." };
  if (built.status === 0) return { ok: true, look: (url, uses) => run(command, [url], uses) };
  // What is none of these is a mistake in the client, which nobody should take for a missing one.
  if (/module lookup disabled|requires go|toolchain/.test(built.stderr)) {
    return { ok: false, missing: "the Go SDK is not on this machine." };
  }
  throw new Error(built.stderr);
}

function run(command: string, args: readonly string[], uses: Uses): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(JSON.parse(out));
      else reject(new Error(`It ended with ${code}: ${err.slice(-4_000)}`));
    });
    child.stdin.end(JSON.stringify(uses));
  });
}
