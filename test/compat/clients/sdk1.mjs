import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { env, headers, print, task } from "./task.mjs";

const client = new Client({ name: "compat", version: "1.0.0" });
await client.connect(
  task.mode === "stdio"
    ? new StdioClientTransport({ command: task.command, args: task.args, env, stderr: "inherit" })
    : new StreamableHTTPClientTransport(new URL(task.url), { requestInit: { headers } }),
);
const { tools } = await client.listTools();
const call = await client.callTool({ name: task.tool, arguments: task.arguments });
await client.close();
print(tools, call);
