/* A program that is a server over stdio towards the SDK, and a client of the address. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { env, print, task } from "./task.mjs";

const header = `Authorization: Bearer ${task.key}`;
const args = {
  "mcp-remote": [task.url, "--allow-http", "--transport", "http-only", "--header", header],
  supergateway: ["--streamableHttp", task.url, "--header", header, "--logLevel", "none"],
}[task.mode];
const command = new URL(`../node_modules/.bin/${task.mode}`, import.meta.url).pathname;
const client = new Client({ name: "compat", version: "1.0.0" });
await client.connect(
  new StdioClientTransport({ command, args, env: { ...env, MCP_REMOTE_CONFIG_DIR: process.cwd() }, stderr: "inherit" }),
);
const { tools } = await client.listTools();
const call = await client.callTool({ name: task.tool, arguments: task.arguments });
await client.close();
print(tools, call);
