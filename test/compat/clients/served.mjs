/* A program that starts a server over stdio and offers it over HTTP, where the SDK takes it. */
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { print, task } from "./task.mjs";

const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});
const quoted = [task.command, ...task.args].map((part) => `"${part}"`).join(" ");
const args = {
  supergateway: ["--stdio", quoted, "--outputTransport", "streamableHttp", "--stateful", "--port", String(port)],
  "mcp-proxy": ["--host", "127.0.0.1", "--port", String(port), "--", task.command, ...task.args],
}[task.mode];
const command = new URL(`../node_modules/.bin/${task.mode}`, import.meta.url).pathname;
const child = spawn(command, args, { stdio: ["ignore", 2, 2] });

const client = await connected();
const { tools } = await client.listTools();
const call = await client.callTool({ name: task.tool, arguments: task.arguments });
await client.close();
child.kill("SIGTERM");
print(tools, call);

async function connected() {
  for (let tries = 0; ; tries++) {
    const client = new Client({ name: "compat", version: "1.0.0" });
    try {
      await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
      return client;
    } catch (error) {
      if (tries === 150 || child.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
