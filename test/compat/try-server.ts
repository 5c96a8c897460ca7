import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { exposedName } from "../../src/catalog/naming.ts";
import { META } from "../../src/mcp/revisions.ts";
import { attempt, type Scene, type Verdict } from "./attempt.ts";
import type { Cache } from "./cache.ts";
import { compareLists, compareValues, LISTS, type ListName, type Lists, parseDigits } from "./compare.ts";
import { startGateway, untilUpstream } from "./gateway.ts";
import { connectLegacy, connectModern } from "./http-peers.ts";
import { TAG } from "./run-command.ts";
import type { ServerEntry } from "./servers.ts";
import { connectStdio, type Peer, type ServerCommand } from "./stdio-peer.ts";

/** What came of one entry. */
export interface ServerRow extends Verdict {
  readonly name: string;
  readonly package: string;
  readonly version: string;
  readonly form: string;
  /** How many items each list has. */
  readonly counts: Readonly<Record<ListName, number>> | undefined;
  /** What was asked besides the lists. */
  readonly asked: readonly string[];
}

/** What a server says, as one client sees it: its lists, and answers by what was asked. */
interface Seen {
  readonly lists: Lists;
  readonly answers: ReadonlyMap<string, object>;
}

/** Pages of one list: no server here has so many. */
const MAX_PAGES = 50;

/** Tries one server directly and through the gateway, in both eras and on both kinds of endpoint. Never throws. */
export async function tryServer(entry: ServerEntry, cache: Cache, timeoutMs: number): Promise<ServerRow> {
  const { name, package: from, version, form } = entry;
  let counts: ServerRow["counts"];
  let asked: readonly string[] = [];
  const verdict = await attempt(timeoutMs, async (scene) => {
    const command = await commandOf(entry, cache, scene);
    return await scene.bounded(async () => {
      const peer = await connectStdio(command, timeoutMs);
      const direct = await lookAt(peer, entry, scene.work, (own) => own);
      const { tools, prompts, resources, resourceTemplates } = direct.lists;
      counts = {
        tools: tools.length,
        prompts: prompts.length,
        resources: resources.length,
        resourceTemplates: resourceTemplates.length,
      };
      asked = [...direct.answers.keys()];
      return await compareThrough(entry, command, direct, scene);
    });
  });
  return { name, package: from, version, form, counts, asked, ...verdict };
}

async function compareThrough(
  entry: ServerEntry,
  command: ServerCommand,
  direct: Seen,
  { work, tag, timeoutMs }: Scene,
): Promise<string[]> {
  const gateway = await startGateway({ dir: join(work, "..", "gateway"), tag, upstreams: { [entry.name]: command } });
  const { port, key } = gateway;
  const own = `/mcp/${entry.name}`;
  const merged = (name: string) => exposedName(entry.name, name);
  const same = (name: string) => name;
  try {
    await untilUpstream(gateway, entry.name, timeoutMs);
    const faces = [
      [`2025-11-25 at ${own}`, await connectLegacy({ port, key, path: own }), same],
      ["2025-11-25 at /mcp", await connectLegacy({ port, key, path: "/mcp" }), merged],
      [`2026-07-28 at ${own}`, connectModern({ port, key, path: own }), same],
    ] as const;
    const found: string[] = [];
    for (const [face, peer, shown] of faces) {
      const through = await lookAt(peer, entry, work, shown);
      const lines = compareLists(direct.lists, through.lists, (list, name) =>
        list === "tools" || list === "prompts" ? shown(name) : name,
      );
      for (const [what, answer] of direct.answers)
        lines.push(...compareValues(what, answer, through.answers.get(what)));
      found.push(...lines.map((line) => `${face}: ${line}`));
    }
    return found;
  } finally {
    await gateway.program.stop(15_000);
  }
}

/** Reads all lists, makes the entry's call, and reads the first resource and prompt that need nothing. Closes the peer. */
async function lookAt(peer: Peer, entry: ServerEntry, work: string, shown: (name: string) => string): Promise<Seen> {
  try {
    const lists = {
      tools: await readList(peer, "tools"),
      prompts: await readList(peer, "prompts"),
      resources: await readList(peer, "resources"),
      resourceTemplates: await readList(peer, "resourceTemplates"),
    };
    const answers = new Map<string, object>();
    const ask = async (what: string, method: string, params: object) => {
      const text = await peer.ask(method, params);
      answers.set(what, withoutEra(parseDigits(entry.varies === undefined ? text : text.replace(entry.varies, "…"))));
    };
    if (entry.call !== undefined) {
      const [tool, args] = entry.call;
      const what = `call ${tool}`;
      await ask(what, "tools/call", { name: shown(tool), arguments: placed(args, work) });
      // Two refusals that are the same would show nothing.
      const { error, isError } = Object(answers.get(what));
      if (error !== undefined || isError === true) {
        throw new Error(`${what} failed: ${JSON.stringify(answers.get(what)).slice(0, 500)}`);
      }
    }
    const [resource] = lists.resources;
    if (resource !== undefined) await ask("first resource", "resources/read", { uri: Reflect.get(resource, "uri") });
    const prompt = lists.prompts.find((each) => !isAsking(each));
    if (prompt !== undefined) await ask("first prompt", "prompts/get", { name: Reflect.get(prompt, "name") });
    return { lists, answers };
  } finally {
    await peer.close();
  }
}

function isAsking(prompt: object): boolean {
  const declared: unknown = Reflect.get(prompt, "arguments");
  return Array.isArray(declared) && declared.some((argument) => Object(argument)["required"] === true);
}

async function readList(peer: Peer, list: ListName): Promise<readonly object[]> {
  const items: object[] = [];
  let cursor: unknown;
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = Object(parseDigits(await peer.ask(LISTS[list], typeof cursor === "string" ? { cursor } : {})));
    // Who has no such lists says so by an error.
    const found: unknown = Object(answer.result)[list];
    if (Array.isArray(found)) items.push(...found);
    cursor = Object(answer.result).nextCursor;
    if (typeof cursor !== "string" || cursor === "") return items;
  }
  throw new Error(`${LISTS[list]} does not end`);
}

/** What an answer says, without what each era adds to it. */
function withoutEra(answer: unknown): object {
  const { result, error } = Object(answer);
  if (result === undefined) return { error };
  const { resultType, ttlMs, cacheScope, _meta, ...rest } = result;
  const own = Object.entries(Object(_meta)).filter(([key]) => key !== META.serverInfo);
  return own.length === 0 ? rest : { ...rest, _meta: Object.fromEntries(own) };
}

async function commandOf(entry: ServerEntry, cache: Cache, { work, tag }: Scene): Promise<ServerCommand> {
  const spec = `${entry.package}@${entry.version}`;
  const args = placed(entry.args ?? [], work);
  const { PATH = "", HOME = "" } = process.env;
  const env = { PATH, HOME, ...placed(entry.env ?? {}, work), ...cache.npmEnv, [TAG]: tag };
  if (entry.form === "npx") {
    await cache.npx(spec);
    return { command: "npx", args: ["-y", spec, ...args], cwd: work, env };
  }
  const folder = join(await cache.npm([spec]), "node_modules", entry.package);
  const { bin } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const script = typeof bin === "string" ? bin : String(Object.values(bin)[0]);
  return { command: process.execPath, args: [join(folder, script), ...args], cwd: work, env };
}

/** A value with the folder in the place of `{work}`. */
function placed<T>(value: T, work: string): T {
  return JSON.parse(JSON.stringify(value).replaceAll("{work}", JSON.stringify(work).slice(1, -1)));
}
