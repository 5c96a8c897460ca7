import { run } from "./run.mjs";
import { print, task } from "./task.mjs";

const place = ["--cli", task.url, "--transport", "http", "--header", `Authorization: Bearer ${task.key}`];
const list = JSON.parse(await run("mcp-inspector", [...place, "--method", "tools/list"]));
const args = Object.entries(task.arguments).flatMap(([name, value]) => ["--tool-arg", `${name}=${value}`]);
const call = await run("mcp-inspector", [...place, "--method", "tools/call", "--tool-name", task.tool, ...args]);
print(list.tools, JSON.parse(call));
