import { createMCPClient } from "@ai-sdk/mcp";
import { headers, print, task } from "./task.mjs";

const client = await createMCPClient({ transport: { type: "http", url: task.url, headers } });
const tools = await client.tools();
const call = await tools[task.tool].execute(task.arguments, { toolCallId: "1", messages: [] });
await client.close();
const listed = await Promise.all(
  Object.entries(tools).map(async ([name, { description, inputSchema }]) => ({
    name,
    description,
    inputSchema: await inputSchema.jsonSchema,
  })),
);
print(listed, call);
