import { MCPClient } from "@mastra/mcp";
import { headers, print, task } from "./task.mjs";

const client = new MCPClient({ servers: { here: { url: new URL(task.url), requestInit: { headers } } } });
const tools = await client.listTools();
const call = await tools[`here_${task.tool}`].execute(task.arguments, {});
await client.disconnect();
const names = Object.entries(tools).map(([name, { description }]) => ({
  name: name.slice("here_".length),
  description,
}));
print(names, call);
