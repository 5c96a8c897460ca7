import { writeFile } from "node:fs/promises";
import { run } from "./run.mjs";
import { headers, print, task } from "./task.mjs";

await writeFile("mcporter.json", JSON.stringify({ mcpServers: { here: { url: task.url, headers } } }));
const config = ["--config", "mcporter.json"];
const list = JSON.parse(await run("mcporter", [...config, "list", "here", "--json"]));
const args = JSON.stringify(task.arguments);
const call = await run("mcporter", [...config, "call", `here.${task.tool}`, "--args", args, "--output", "json"]);
print(list.tools, JSON.parse(call));
