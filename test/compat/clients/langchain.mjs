import { MultiServerMCPClient } from "@langchain/mcp-adapters";
import { headers, print, task } from "./task.mjs";

const client = new MultiServerMCPClient({
  mcpServers: { here: { transport: "http", url: task.url, headers } },
  useStandardContentBlocks: true,
});
const tools = await client.getTools();
const call = await tools.find(({ name }) => name === task.tool).invoke(task.arguments);
await client.close();
print(
  tools.map(({ name, description, schema }) => ({ name, description, schema })),
  call,
);
