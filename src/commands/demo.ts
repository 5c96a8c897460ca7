import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { formatConfigError } from "../config/config-error.ts";
import { loadConfig } from "../config/load.ts";
import { type DemoUser, demoTour } from "./demo-tour.ts";
import { createLog } from "./log.ts";
import { startOrExplain, untilStopped } from "./run-gateway.ts";
import { bold, type Shell } from "./shell.ts";

const USERS = {
  ann: { user: "ann@example.com", roles: ["employee"] },
  carla: { user: "carla@example.com", roles: ["employee", "cfo"] },
  sam: { user: "sam@example.com", roles: ["employee", "support"] },
} as const;
type UserName = keyof typeof USERS;

const DEMO_SETTLE_MS = 20_000;

/** `portcullis demo`: a gateway that works without any configuration, and a tour of it. */
export function registerDemo(program: Command, shell: Shell): void {
  program
    .command("demo")
    .description("run a gateway with demo servers, example policies and three users; nothing to configure")
    .option("-p, --port <port>", "port to listen on; 0 picks a free one", "3000")
    .option("-d, --data <dir>", "folder for the demo's data and keys", "./data")
    .addHelpText("after", "\nExample:\n  $ portcullis demo --port 4000\n")
    .action(async (options: { port: string; data: string }) => {
      const port = /^\d{1,5}$/.test(options.port) ? Number(options.port) : Number.NaN;
      if (!(port <= 65_535)) {
        shell.err(`--port must be a number from 0 to 65535.`);
        shell.setExitCode(2);
        return;
      }
      const data = resolve(options.data);
      const made = demoKeys(data);
      if (!made.ok) {
        shell.err(made.error);
        shell.setExitCode(1);
        return;
      }
      const { keys } = made;
      const loaded = loadConfig(packaged("examples/demo/portcullis.yaml"), {
        ...shell.env,
        ...serverVariables(),
        DEMO_POLICIES: packaged("policies"),
        DEMO_DATA: data,
        DEMO_HASH_ANN: hashOf(keys.ann),
        DEMO_HASH_CARLA: hashOf(keys.carla),
        DEMO_HASH_SAM: hashOf(keys.sam),
      });
      if (!loaded.ok) {
        for (const error of loaded.errors) shell.err(formatConfigError(error));
        shell.setExitCode(1);
        return;
      }
      const config = { ...loaded.config, server: { ...loaded.config.server, port } };
      const log = createLog({ level: "warn", format: shell.colours ? "pretty" : "json" }, shell.colours);
      // The tour's lines must work when they are printed, so a slow machine is waited for.
      const gateway = await startOrExplain(shell, config, log, { settleMs: DEMO_SETTLE_MS });
      if (gateway === undefined) return;
      await gateway.wired.settled;
      const user = (name: UserName): DemoUser => ({ ...USERS[name], key: keys[name] });
      const users = { ann: user("ann"), carla: user("carla"), sam: user("sam") };
      shell.out(demoTour({ url: gateway.url, users, data: options.data, bold: (text) => bold(shell, text) }));
      await untilStopped(shell, log, gateway);
    });
}

type DemoKeys =
  | { readonly ok: true; readonly keys: Readonly<Record<UserName, string>> }
  | { readonly ok: false; readonly error: string };

// Kept, so that a client that was set up yesterday still works today. The demo listens on this machine only.
function demoKeys(data: string): DemoKeys {
  const path = join(data, "demo-keys.json");
  try {
    const kept: unknown = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
    const keyOf = (name: UserName): string => {
      const key =
        typeof kept === "object" && kept !== null ? Object.entries(kept).find(([k]) => k === name)?.[1] : undefined;
      return typeof key === "string" ? key : `pk_${randomBytes(24).toString("base64url")}`;
    };
    const keys = { ann: keyOf("ann"), carla: keyOf("carla"), sam: keyOf("sam") };
    mkdirSync(data, { recursive: true, mode: 0o700 });
    writeFileSync(path, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
    return { ok: true, keys };
  } catch (err) {
    if (err instanceof SyntaxError)
      return { ok: false, error: `${path} is broken. Remove it, and the demo makes new keys.` };
    const code = err instanceof Error && "code" in err ? String(err.code) : undefined;
    if (code === undefined) throw err;
    return { ok: false, error: `The demo cannot keep its data in ${data} (${code}). Name another folder: --data DIR` };
  }
}

function hashOf(key: string): string {
  return `sha256:${createHash("sha256").update(key).digest("hex")}`;
}

function packaged(path: string): string {
  // The package's root is two steps up from src/commands/ and from dist/commands/ alike.
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

// From source the demo server is TypeScript, and Node 20 needs a loader for that; built, it needs nothing.
function serverVariables(): Record<string, string> {
  const fromSource = import.meta.url.endsWith(".ts");
  return {
    DEMO_NODE: process.execPath,
    DEMO_SERVER: fileURLToPath(new URL(`../demo/tool-server.${fromSource ? "ts" : "js"}`, import.meta.url)),
    DEMO_NODE_OPTIONS: fromSource ? `--import ${import.meta.resolve("tsx")}` : "",
    DEMO_EVERYTHING: fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js")),
  };
}
