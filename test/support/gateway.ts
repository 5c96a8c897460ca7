import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { formatConfigDiagnostic } from "../../src/config/config-diagnostic.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/schema/schema.ts";
import type { Log } from "../../src/core/log.ts";
import { type RunningGateway, startGateway } from "../../src/main/serve.ts";

/** A gateway as users run it: a configuration file, policy files, a database, a listening port; and what it logged. */
export interface TestGateway {
  readonly url: string;
  readonly mcp: string;
  readonly dir: string;
  readonly running: RunningGateway;
  readonly logged: readonly string[];
  /** Writes the configuration anew and takes it over live. */
  reconfigure(config: object): void;
  /** Writes a policy file into the watched folder. */
  writePolicy(name: string, text: string): void;
  /** Stops it and starts it again on the same port with the same files. */
  restart(): Promise<void>;
  /** Stops it and removes its files. */
  close(): Promise<void>;
}

/** Starts a gateway with `config` (as in `portcullis.yaml`) on a free port, unless `port` says which. @throws with every error when refused */
export async function startTestGateway(
  config: object,
  policies: Readonly<Record<string, string>> = {},
  deps: Omit<Parameters<typeof startGateway>[1], "log"> & { readonly port?: number } = {},
): Promise<TestGateway> {
  const dir = mkdtempSync(join(tmpdir(), "portcullis-e2e-"));
  const file = join(dir, "portcullis.yaml");
  mkdirSync(join(dir, "policies"));
  for (const [name, text] of Object.entries(policies)) writeFileSync(join(dir, "policies", name), text);
  const logged: string[] = [];
  const log = collectingLog(logged);

  const load = (content: object): Config => {
    writeFileSync(file, stringify({ auth: { anonymous: true }, ...content }));
    const loaded = loadConfig(file, process.env);
    if (!loaded.ok) throw new Error(loaded.errors.map(formatConfigDiagnostic).join("\n"));
    return loaded.config;
  };
  let current = load(config);
  // What a gateway does without a slow server is not what most tests ask: they wait for it, also on a busy machine.
  const timing = { settleMs: 15_000, ...deps.timing };
  const start = async (port: number): Promise<RunningGateway> => {
    const started = await startGateway({ ...current, server: { ...current.server, port } }, { ...deps, timing, log });
    if (!started.ok) throw new Error(started.error);
    await started.gateway.wired.settled;
    return started.gateway;
  };
  let running = await start(deps.port ?? 0);

  return {
    url: running.url,
    mcp: `${running.url}/mcp`,
    dir,
    get running() {
      return running;
    },
    logged,
    reconfigure(next) {
      current = load(next);
      running.wired.reload(current);
    },
    writePolicy: (name, text) => writeFileSync(join(dir, "policies", name), text),
    async restart() {
      await running.close();
      running = await start(Number(new URL(running.url).port));
    },
    async close() {
      await running.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function collectingLog(lines: string[]): Log {
  const at = (level: string) => (fields: object, message: string) => {
    lines.push(JSON.stringify({ level, message, ...fields }, errorsAsText));
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function errorsAsText(_key: string, value: unknown): unknown {
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}
