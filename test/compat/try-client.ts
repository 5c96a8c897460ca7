import { cp } from "node:fs/promises";
import { basename, join } from "node:path";
import { CLI } from "../support/built.ts";
import { EVERYTHING, startEverything } from "../support/everything.ts";
import { attempt, type Scene, type Verdict } from "./attempt.ts";
import type { Cache } from "./cache.ts";
import type { ClientEntry } from "./clients.ts";
import { compareValues, parseDigits } from "./compare.ts";
import { startGateway, untilUpstream } from "./gateway.ts";
import { runCommand, TAG } from "./run-command.ts";

/** What came of one client. */
export interface ClientRow extends Verdict {
  readonly name: string;
  readonly versions: readonly string[];
  /** How many tools it listed directly. */
  readonly tools: number | undefined;
}

/** What a script in `clients/` is told, as JSON in its environment. */
interface Task {
  readonly mode: string | undefined;
  readonly url: string;
  readonly key: string;
  /** The same over stdio. */
  readonly command: string;
  readonly args: readonly string[];
  readonly tool: string;
  readonly arguments: object;
}

/** What it prints, in its last line. */
interface Printed {
  readonly tools: readonly unknown[];
  readonly call: unknown;
}

const TOOL = "get-structured-content";
const ARGUMENTS = { location: "Chicago" };
/**
 * The server shows these only to clients that can answer what they ask. The gateway shows them to all: its lists are those
 * of the most able client.
 */
const ASKING = new Set([
  "get-roots-list",
  "trigger-elicitation-request",
  "trigger-url-elicitation",
  "trigger-sampling-request",
]);

/** Has one client list and call a server, directly and through the gateway. Never throws. */
export async function tryClient(entry: ClientEntry, cache: Cache, timeoutMs: number): Promise<ClientRow> {
  let tools: number | undefined;
  const verdict = await attempt(timeoutMs, async (scene) => {
    const drive = await prepare(entry, cache, scene);
    return await scene.bounded(async () => {
      const direct = await drivenDirectly(drive);
      tools = direct.tools.length;
      if (tools === 0) throw new Error("It lists nothing directly.");
      return await drivenThrough(drive, direct, scene);
    });
  });
  return { name: entry.name, versions: versionsOf(entry), tools, ...verdict };
}

type Drive = (task: Omit<Task, "mode" | "arguments">) => Promise<Printed>;

async function drivenDirectly(drive: Drive): Promise<Printed> {
  const server = await startEverything("streamableHttp");
  try {
    return await drive({
      url: server.url,
      key: "none",
      command: process.execPath,
      args: [EVERYTHING, "stdio"],
      tool: TOOL,
    });
  } finally {
    await server.kill();
  }
}

async function drivenThrough(drive: Drive, direct: Printed, { work, tag, timeoutMs }: Scene): Promise<string[]> {
  const upstream = { command: process.execPath, args: [EVERYTHING, "stdio"], env: { [TAG]: tag } };
  const gateway = await startGateway({ dir: join(work, "..", "gateway"), tag, upstreams: { everything: upstream } });
  const { port, key, config } = gateway;
  try {
    await untilUpstream(gateway, "everything", timeoutMs);
    const found: string[] = [];
    for (const [path, endpoint, prefix] of [
      ["/mcp/everything", ["-e", "everything"], ""],
      ["/mcp", [], "everything__"],
    ] as const) {
      const url = `http://127.0.0.1:${port}${path}`;
      const args = [CLI, "stdio", "-c", config, ...endpoint];
      const through = await drive({ url, key, command: process.execPath, args, tool: `${prefix}${TOOL}` });
      const lines = [
        ...compareValues("tools", namesOf(direct, prefix), namesOf(through, "")),
        ...(prefix === "" ? compareValues("tools", direct.tools, through.tools) : []),
        ...compareValues("call", direct.call, through.call),
      ];
      found.push(...lines.map((line) => `${path}: ${line}`));
    }
    return found;
  } finally {
    await gateway.program.stop(15_000);
  }
}

function namesOf({ tools }: Printed, prefix: string): readonly string[] {
  return tools.map((tool) => `${prefix}${String(Object(tool).name)}`);
}

async function prepare(entry: ClientEntry, cache: Cache, { work, tag, timeoutMs }: Scene): Promise<Drive> {
  const { install, script } = entry;
  const source = join(import.meta.dirname, "clients", script);
  let command: string;
  let args: readonly string[] = [];
  if ("go" in install) {
    command = join(await cache.go(source, install.go), "client");
  } else {
    const folder = "npm" in install ? await cache.npm(install.npm) : await cache.python(install.python);
    // Beside what is installed, because imports are looked for from where a file is.
    await cp(join(import.meta.dirname, "clients"), join(folder, "clients"), { recursive: true });
    command = "npm" in install ? process.execPath : join(folder, "bin/python");
    args = [join(folder, "clients", basename(script))];
  }
  const { PATH = "", HOME = "" } = process.env;
  return async (given) => {
    const task: Task = { ...given, mode: entry.mode, arguments: ARGUMENTS };
    const env = { PATH, HOME, NO_COLOR: "1", ...cache.npmEnv, [TAG]: tag, COMPAT_TASK: JSON.stringify(task) };
    const { stdout } = await runCommand({ command, args, cwd: work, env, timeoutMs });
    const printed = parseDigits(stdout.trimEnd().split("\n").at(-1) ?? "");
    const { tools, call } = Object(printed);
    if (!Array.isArray(tools)) throw new Error(`${script} did not print its tools: ${stdout.slice(-500)}`);
    const compared = tools.filter((tool) => !ASKING.has(String(tool.name).replace(/^everything__/, "")));
    return { tools: compared.map(withoutEra), call: withoutEra(call) };
  };
}

/** What is said in the one era and not in the other is no difference: a client may speak 2026-07-28 with the gateway only. */
function withoutEra(value: unknown): unknown {
  const { resultType, result_type, execution, _meta, meta, ...rest } = Object(value);
  return sorted(rest);
}

/** Clients rebuild what they read, in an order that depends on the era. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([key, member]) => [key, sorted(member)]));
}

function versionsOf({ install }: ClientEntry): readonly string[] {
  if ("go" in install) return [install.go];
  return "npm" in install ? install.npm : install.python;
}
