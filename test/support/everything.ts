import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { freePort } from "./program.ts";

const require = createRequire(import.meta.url);

/** The official 2025-era example server, as a script for `node`. */
export const EVERYTHING = join(
  dirname(require.resolve("@modelcontextprotocol/server-everything/package.json")),
  "dist/index.js",
);

/** A running example server over HTTP. */
export interface EverythingServer {
  readonly url: string;
  readonly port: number;
  /** Ends it with SIGKILL, as a crash would; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts the example server and waits until it listens. */
export async function startEverything(transport: "streamableHttp" | "sse", port?: number): Promise<EverythingServer> {
  const own = port ?? (await freePort());
  const child = spawn(process.execPath, [EVERYTHING, transport], {
    env: { ...process.env, PORT: String(own) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let text = "";
    child.stderr.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
      if (/(listening|running) on port/.test(text)) resolve();
    });
    child.once("exit", () => reject(new Error(`The example server ended at once: ${text}`)));
  });
  return {
    port: own,
    url: `http://127.0.0.1:${own}/${transport === "sse" ? "sse" : "mcp"}`,
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
