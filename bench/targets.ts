import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { freePort, type Program, startProgram, untilOk } from "../test/support/program.ts";
import { checkEcho } from "./echo-call.ts";
import type { Issuer } from "./issuer.ts";
import { pinned } from "./machine.ts";
import { policyFile } from "./policies.ts";

/** Something to measure. */
export interface Target {
  readonly name: string;
  readonly url: string;
  readonly token: string | undefined;
  readonly program: Program;
  /** Of a gateway: the folder with its `portcullis.yaml` and its `policies/`. */
  readonly home?: string;
}

const HERE = import.meta.dirname;
const ROOT = join(HERE, "..");

async function startNode(role: "measured" | "load", name: string, file: string, env: Record<string, string>) {
  const [command, args] = pinned(role, process.execPath, ["--import", "tsx", join(HERE, file)]);
  return startProgram({ name, command, args, env, ready: /listening/ });
}

/** The server that all calls end at, on the load's CPU, or, measured by itself, on the other. */
export async function startUpstream(role: "measured" | "load", tools = 1): Promise<Target> {
  const port = await freePort();
  const program = await startNode(role, "the upstream", "upstream.ts", { PORT: String(port), TOOLS: String(tools) });
  return { name: "upstream, direct", url: `http://127.0.0.1:${port}/mcp`, token: undefined, program };
}

/** An SDK server with an SDK client behind it. */
export async function startSdkRelay(upstream: string): Promise<Target> {
  const port = await freePort();
  const program = await startNode("measured", "the SDK relay", "sdk-relay.ts", {
    PORT: String(port),
    UPSTREAM: upstream,
  });
  return { name: "SDK server + SDK client", url: `http://127.0.0.1:${port}/mcp`, token: undefined, program };
}

/** nginx with one worker, `proxy_pass` and connections kept to the upstream. */
export async function startNginx(upstream: string, directory: string): Promise<Target> {
  const port = await freePort();
  const { host, pathname } = new URL(upstream);
  const config = join(directory, "nginx.conf");
  await mkdir(join(directory, "nginx"), { recursive: true });
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${join(directory, "nginx", kind)};`,
  );
  await writeFile(
    config,
    `daemon off;
master_process off;
pid ${join(directory, "nginx", "pid")};
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  ${temp.join("\n  ")}
  upstream bench { server ${host}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 100000000;
    location / {
      proxy_pass http://bench${pathname};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }
  }
}
`,
  );
  const [command, args] = pinned("measured", "nginx", ["-e", "stderr", "-c", config]);
  const program = await startProgram({ name: "nginx", command, args });
  const target = { name: "nginx proxy_pass", url: `http://127.0.0.1:${port}/mcp`, token: undefined, program };
  await untilAnswers(target);
  return target;
}

/** How the measured gateway is set up. */
export interface GatewaySetup {
  readonly name: string;
  /** `undefined`: callers are anonymous. */
  readonly issuer: Issuer | undefined;
  readonly policies: number;
  /** A policy file besides. */
  readonly morePolicies?: string | undefined;
  readonly logLevel?: string | undefined;
  /** What else stands in its configuration. */
  readonly moreConfig?: object | undefined;
}

/** The gateway as users start it: the built one of the checkout `built`, or this one's source where it is `undefined`. */
export async function startGateway(
  setup: GatewaySetup,
  upstream: string,
  directory: string,
  built: string | undefined,
): Promise<Target> {
  const port = await freePort();
  const home = join(directory, `gateway-${port}`);
  await mkdir(join(home, "policies"), { recursive: true });
  if (setup.policies > 0) await writeFile(join(home, "policies", "bench.yaml"), policyFile(setup.policies));
  if (setup.morePolicies !== undefined) await writeFile(join(home, "policies", "more.yaml"), setup.morePolicies);
  const { issuer } = setup;
  await writeFile(
    join(home, "portcullis.yaml"),
    stringify({
      server: { host: "127.0.0.1", port, log: { level: setup.logLevel ?? "warn" } },
      auth: issuer === undefined ? { anonymous: true } : { jwt: [{ issuer: issuer.url, audience: issuer.audience }] },
      upstreams: { bench: { url: upstream } },
      policies: { dir: join(home, "policies") },
      // In a folder of its own, where the default puts it.
      store: { url: `file:${join(home, "data", "portcullis.db")}` },
      ...setup.moreConfig,
    }),
  );
  const [command, args] = pinned("measured", process.execPath, [
    ...(built !== undefined ? [join(built, "dist/cli.js")] : ["--import", "tsx", join(ROOT, "src/cli.ts")]),
    "serve",
    "-c",
    join(home, "portcullis.yaml"),
  ]);
  const program = await startProgram({ name: setup.name, command, args, cwd: built ?? ROOT });
  try {
    await untilOk(`http://127.0.0.1:${port}/readyz`, program, 60_000);
    const target = { name: setup.name, url: `http://127.0.0.1:${port}/mcp/bench`, token: issuer?.token, program, home };
    await untilAnswers(target);
    return target;
  } catch (error) {
    await program.stop();
    throw error;
  }
}

async function untilAnswers(target: Target): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return await checkEcho(target.url, target.token);
    } catch (error) {
      if (Date.now() > deadline || target.program.ended()) {
        throw new Error(`${target.name}: ${String(error)}\n${target.program.output()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
