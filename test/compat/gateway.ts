import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { createApiKey } from "../../src/identity/api-keys.ts";
import { CLI } from "../support/built.ts";
import { type Program, startProgram, untilOk } from "../support/program.ts";
import { TAG } from "./run-command.ts";

/** A gateway as it is built, with one configuration. */
export interface GatewayUnderTest {
  readonly program: Program;
  readonly port: number;
  /** Of an agent's user, who administers, too. */
  readonly key: string;
  readonly config: string;
}

/** What is served, and how. */
export interface GatewayOptions {
  /** An existing folder for its files. */
  readonly dir: string;
  readonly tag: string;
  readonly upstreams: object;
  /** Before the program: arguments of `node`. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the built gateway. @throws if it does not get ready */
export async function startGateway({
  dir,
  tag,
  upstreams,
  nodeArgs = [],
  env,
}: GatewayOptions): Promise<GatewayUnderTest> {
  const { key, hash } = createApiKey();
  const config = join(dir, "portcullis.yaml");
  await mkdir(join(dir, "policies"), { recursive: true });
  await writeFile(
    config,
    stringify({
      server: { port: 0 },
      auth: {
        api_keys: [{ name: "compat", hash, user: "compat@example.com", kind: "person", roles: ["operator"] }],
        admin: { roles: ["operator"] },
      },
      upstreams,
      store: { url: `file:${join(dir, "portcullis.db")}` },
    }),
  );
  const program = await startProgram({
    name: "the gateway",
    command: process.execPath,
    args: [...nodeArgs, CLI, "serve", "-c", config],
    cwd: dir,
    env: { [TAG]: tag, ...env },
    ready: /MCP +http:\/\/127\.0\.0\.1:(\d+)/,
  });
  const port = Number(program.ready?.[1]);
  try {
    await untilOk(`http://127.0.0.1:${port}/readyz`, program, 30_000);
  } catch (error) {
    await program.stop();
    throw error;
  }
  return { program, port, key, config };
}

/** Waits until an upstream is ready and its tools are there. @throws with its last error if it is not in time */
export async function untilUpstream({ port, key }: GatewayUnderTest, name: string, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/upstreams/${name}`, {
      headers: { Authorization: `Bearer ${key}` },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`The API answered with ${response.status}: ${text}`);
    const { state, tools, last_error: lastError } = JSON.parse(text);
    if (state === "ready" && tools > 0) return;
    if (Date.now() > deadline) throw new Error(`In the gateway it is ${state} with ${tools} tools: ${lastError}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
