import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { env, headers, print, task } from "./task.mjs";

const mode = task.mode === "legacy" ? "legacy" : "auto";
const client = new Client({ name: "compat", version: "1.0.0" }, { versionNegotiation: { mode } });
await client.connect(
  task.mode === "stdio"
    ? new StdioClientTransport({ command: task.command, args: task.args, env, stderr: "inherit" })
    : new StreamableHTTPClientTransport(new URL(task.url), { requestInit: { headers } }),
);
const { tools } = await client.listTools();
const call = await client.callTool({ name: task.tool, arguments: task.arguments });
await client.close();
print(tools, call);
