import { cpSync, existsSync } from "node:fs";
import { createServer } from "node:net";
import { join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { formatConfigDiagnostic } from "../../config/config-diagnostic.ts";
import { type LoadedConfig, loadConfig } from "../../config/load.ts";
import { DEMO_PEOPLE, type DemoName } from "../../demo/demo-people.ts";
import { catchFaults } from "../../main/last-resort.ts";
import { createLog } from "../log.ts";
import { startOrExplain, untilStopped } from "../run-gateway.ts";
import { bold, type Shell } from "../shell.ts";
import { demoKeys, hashOf } from "./keys.ts";
import type { DemoSignIn } from "./sign-in.ts";
import { type DemoUser, demoTour } from "./tour.ts";

const DEMO_SETTLE_MS = 20_000;
const HOST = "127.0.0.1";

/** `portcullis demo`: a gateway that works without any configuration, and a tour of it. */
export function registerDemo(program: Command, shell: Shell): void {
  program
    .command("demo")
    .description("run a gateway with demo servers, example policies and three users; nothing to configure")
    .option("-p, --port <port>", "port to listen on; 0 picks a free one", "3000")
    .option("--idp-port <port>", "port of the demo's identity provider; default: that of last time, or a free one")
    .option("-d, --data <dir>", "folder for the demo's data and keys", "./data")
    .addHelpText("after", "\nExample:\n  $ portcullis demo --port 4000\n")
    .action(async (options: { port: string; idpPort?: string; data: string }) => {
      const port = portIn(options.port, 0);
      const idpPort = options.idpPort === undefined ? undefined : portIn(options.idpPort, 1);
      if (port === undefined || (options.idpPort !== undefined && idpPort === undefined)) {
        shell.err(`--port must be a number from 0 to 65535, --idp-port one from 1.`);
        shell.setExitCode(2);
        return;
      }
      try {
        await runDemo(shell, { port, idpPort, data: options.data });
      } catch (err) {
        const code = err instanceof Error && "code" in err && "syscall" in err ? String(err.code) : undefined;
        if (code === undefined) throw err;
        shell.err(
          `The demo cannot keep its data in ${resolve(options.data)} (${code}). Name another folder: --data DIR`,
        );
        shell.setExitCode(1);
      }
    });
}

interface DemoOptions {
  readonly port: number;
  readonly idpPort: number | undefined;
  /** As the user wrote it. */
  readonly data: string;
}

async function runDemo(shell: Shell, options: DemoOptions): Promise<void> {
  const refuse = (...errors: readonly string[]): void => {
    for (const error of errors) shell.err(error);
    shell.setExitCode(1);
  };
  const data = resolve(options.data);
  const made = demoKeys(data);
  if (!made.ok) return refuse(made.error);
  const { keys } = made;
  const log = createLog({ level: "warn", format: shell.colours ? "pretty" : "json" }, shell.colours);
  const stopped = shell.stopped();
  // Whoever issues tokens for the gateway has to know its address before it listens there.
  const port = options.port === 0 ? await freePort() : options.port;
  const gatewayUrl = `http://${HOST}:${port}`;
  const [{ startSignIn, TOKEN_FILE }, { DEMO_CODE }] = await Promise.all([
    import("./sign-in.ts"),
    import("../../demo/identity-provider.ts"),
  ]);
  const started = await startSignIn({ data, host: HOST, port: options.idpPort, gatewayUrl, log });
  if (!started.ok) return refuse(started.error);
  const { signIn } = started;
  try {
    const policies = demoPolicies(data);
    const loaded = demoConfig(shell, { data, policies, keys, gatewayUrl, signIn });
    if (!loaded.ok) return refuse(...loaded.errors.map(formatConfigDiagnostic));
    const config = { ...loaded.config, server: { ...loaded.config.server, host: HOST, port } };
    // The tour's lines must work when they are printed, so a slow machine is waited for.
    const lastResort = catchFaults({ log, now: Date.now });
    const gateway = await startOrExplain(shell, config, log, { timing: { settleMs: DEMO_SETTLE_MS } });
    if (gateway === undefined) return;
    await gateway.wired.settled;
    const user = (name: DemoName): DemoUser => {
      const { email, roles } = DEMO_PEOPLE[name];
      return { user: email, roles, key: keys[name] };
    };
    const users = { ann: user("ann"), carla: user("carla"), sam: user("sam") };
    const tokenFile = `${options.data}/${TOKEN_FILE}`;
    const browser = signIn && { password: signIn.password, code: DEMO_CODE, tokenFile };
    const { url } = gateway;
    const shown = { data: options.data, policies: relative("", policies) || policies, command: shell.command };
    shell.out(demoTour({ url, users, browser, ...shown, bold: (text) => bold(shell, text) }));
    await untilStopped(shell, log, gateway, { stopped, lastResort });
  } finally {
    await signIn?.provider.close();
  }
}

function demoConfig(
  shell: Shell,
  demo: {
    readonly data: string;
    readonly policies: string;
    readonly keys: Readonly<Record<DemoName, string>>;
    readonly gatewayUrl: string;
    readonly signIn: DemoSignIn | undefined;
  },
): LoadedConfig {
  const { keys, signIn, gatewayUrl } = demo;
  const loaded = loadConfig(packaged("examples/demo/portcullis.yaml"), {
    ...shell.env,
    ...serverVariables(),
    DEMO_POLICIES: demo.policies,
    DEMO_DATA: demo.data,
    DEMO_URL: gatewayUrl,
    DEMO_HASH_ANN: hashOf(keys.ann),
    DEMO_HASH_CARLA: hashOf(keys.carla),
    DEMO_HASH_SAM: hashOf(keys.sam),
    DEMO_ISSUER: signIn?.provider.issuer ?? gatewayUrl,
    DEMO_CLIENT_SECRET: signIn?.clientSecret ?? "none",
  });
  if (!loaded.ok || signIn !== undefined) return loaded;
  // Without the provider nobody can sign in, and nobody is sent there.
  return { ...loaded, config: { ...loaded.config, auth: { ...loaded.config.auth, jwt: [] }, stepUp: undefined } };
}

function portIn(text: string, least: number): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port >= least && port <= 65_535 ? port : undefined;
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer().once("error", failed);
    probe.listen(0, HOST, () => {
      const address = probe.address();
      probe.close(() => found(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** In a checkout its own policies; a package's are copied, once, to where the user can change them. */
function demoPolicies(data: string): string {
  const own = packaged("policies");
  if (!own.split(sep).includes("node_modules")) return own;
  const copy = join(data, "policies");
  if (!existsSync(copy)) cpSync(own, copy, { recursive: true });
  return copy;
}

function packaged(path: string): string {
  // The package's root is two steps up from src/commands/ and from dist/commands/ alike.
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}

// From source the demo server is TypeScript, and Node 20 needs a loader for that; built, it needs nothing.
function serverVariables(): Record<string, string> {
  const fromSource = import.meta.url.endsWith(".ts");
  return {
    DEMO_NODE: process.execPath,
    DEMO_SERVER: fileURLToPath(new URL(`../../demo/tool-server.${fromSource ? "ts" : "js"}`, import.meta.url)),
    DEMO_NODE_OPTIONS: fromSource ? `--import ${import.meta.resolve("tsx")}` : "",
    DEMO_EVERYTHING: fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js")),
  };
}
