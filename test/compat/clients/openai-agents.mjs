import { MCPServerStreamableHttp } from "@openai/agents";
import { headers, print, task } from "./task.mjs";

const server = new MCPServerStreamableHttp({ name: "here", url: task.url, requestInit: { headers } });
await server.connect();
const tools = await server.listTools();
const call = await server.callTool(task.tool, task.arguments);
await server.close();
print(tools, call);
