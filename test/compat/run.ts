/**
 * Has real servers and real clients of the package registries list and call, directly and through the gateway, and compares.
 *
 *   npm run compat -- [--only NAME]… [--continue] [--write] [--timeout SECONDS] [--cache DIR]
 *   npm run compat -- --sessions 300
 *
 * What it installs stays in the cache folder (`~/.cache/portcullis-compat`); `--continue` tries again only what has not
 * passed with this build, `--write` writes docs/compatibility.md. `--sessions` opens and drops so many on a server that `npx`
 * starts, and ends gateways over ugly process trees, instead.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildForTests } from "../support/built.ts";
import { type Cache, createCache, defaultCache } from "./cache.ts";
import { CLIENTS } from "./clients.ts";
import { renderDocument, rowLine } from "./report.ts";
import { keptRows } from "./rows.ts";
import { killAll } from "./run-command.ts";
import { SERVERS } from "./servers.ts";
import { trySessions } from "./sessions.ts";
import { type ClientRow, tryClient } from "./try-client.ts";
import { type ServerRow, tryServer } from "./try-server.ts";

const ROOT = join(import.meta.dirname, "../..");
const DOCUMENT = join(ROOT, "docs/compatibility.md");

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    continue: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    timeout: { type: "string", default: "120" },
    cache: { type: "string", default: defaultCache() },
    sessions: { type: "string" },
  },
});

async function main(): Promise<number> {
  const seconds = Number(options.timeout);
  if (!(seconds > 0)) throw new Error("--timeout takes seconds.");
  const wanted = (name: string) => options.only === undefined || options.only.includes(name);
  const unknown = options.only?.filter((name) => ![...SERVERS, ...CLIENTS].some((entry) => entry.name === name)) ?? [];
  if (unknown.length > 0) {
    const names = [...SERVERS, ...CLIENTS].map(({ name }) => name).join(", ");
    throw new Error(`There is no ${unknown.join(", ")}. There are: ${names}`);
  }
  await buildForTests();
  const cache = createCache(options.cache);
  if (options.sessions !== undefined) return await sessions(Number(options.sessions), cache);
  const kept = await keptRows(cache.dir, join(ROOT, "dist"));

  async function rowsOf<Entry extends { name: string }, Row extends ServerRow | ClientRow>(
    kind: string,
    entries: readonly Entry[],
    attempt: (entry: Entry) => Promise<Row>,
  ): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for (const entry of entries) {
      const before = await kept.get<Row>(kind, entry.name);
      const isEnough = !wanted(entry.name) || (options.continue && before?.differences.length === 0);
      if (isEnough) {
        if (before !== undefined) rows.push(before);
        continue;
      }
      process.stderr.write(`${kind} ${entry.name} …\n`);
      const row = await attempt(entry);
      await kept.put(kind, entry.name, row);
      rows.push(row);
      process.stdout.write(`${rowLine(row)}\n`);
    }
    return rows;
  }
  const servers = await rowsOf("server", SERVERS, (entry) => tryServer(entry, cache, seconds * 1000));
  const clients = await rowsOf("client", CLIENTS, (entry) => tryClient(entry, cache, seconds * 1000));

  if (options.write) {
    const missing = SERVERS.length + CLIENTS.length - servers.length - clients.length;
    if (missing > 0) throw new Error(`${missing} entries were never tried with this build: run all before --write.`);
    const day = new Date().toISOString().slice(0, 10);
    await writeFile(DOCUMENT, renderDocument(servers, clients, { day, node: process.versions.node }));
  }
  const tried = [...servers, ...clients].filter(({ name }) => wanted(name));
  const failed = tried.filter(({ differences }) => differences.length > 0).length;
  process.stdout.write(`\ncompat: ${tried.length - failed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

async function sessions(count: number, cache: Cache): Promise<number> {
  if (!(count > 0)) throw new Error("--sessions takes a number.");
  const found = await trySessions(count, cache, (line) => process.stdout.write(`${line}\n`));
  process.stdout.write(`\n${found.map((line) => `FAILED ${line}\n`).join("")}sessions: ${found.length} faults\n`);
  return found.length === 0 ? 0 : 1;
}

process.once("exit", killAll);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
