import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { processesWith } from "../support/marked-processes.ts";
import { initialize, send } from "../support/raw-mcp.ts";
import { UGLY_TREES } from "../support/ugly-trees.ts";
import type { Cache } from "./cache.ts";
import { type GatewayUnderTest, startGateway, untilUpstream } from "./gateway.ts";
import { countLeft, TAG } from "./run-command.ts";
import { makeWorkFolder } from "./work-folder.ts";

const PACKAGE = "@modelcontextprotocol/server-everything@2026.8.31";
/** So many at a time: each is npm and a server. */
const AT_ONCE = 3;
/** What a gateway may take to end, by its own word. */
const STOP_MS = 10_000;

/** What a gateway holds. */
interface Held {
  readonly processes: number;
  readonly timers: number;
  /** What each file descriptor is, without its number. */
  readonly open: readonly string[];
}

/** The thread that carries the log of the database over is started once, when there is first enough of it. */
const STORE_THREAD = [
  "anon_inode:[eventpoll]",
  "anon_inode:[eventfd]",
  "pipe:",
  "pipe:",
  "portcullis.db",
  "portcullis.db-wal",
];

type Say = (line: string) => void;

/**
 * Opens and drops `count` sessions on a server that `npx -y` starts and that ignores the end of its input, and looks at what
 * they leave; then ends gateways over ugly process trees by SIGTERM. Linux only. Returns what was wrong.
 */
export async function trySessions(count: number, cache: Cache, say: Say): Promise<readonly string[]> {
  if (process.platform !== "linux") throw new Error("--sessions looks into /proc, which only Linux has.");
  await cache.npx(PACKAGE);
  const { PATH = "", HOME = "" } = process.env;
  const deaf = `--import ${new URL("deaf.mjs", import.meta.url).href}`;
  const env = { PATH, HOME, ...cache.npmEnv, NODE_OPTIONS: deaf };
  const upstream = (tag: string) => ({
    command: "npx",
    args: ["-y", PACKAGE],
    env: { ...env, [TAG]: tag },
    idle: "5s",
  });
  const found = await openAndDrop(count, upstream, say);
  for (const [name, [command, args]] of Object.entries(UGLY_TREES)) {
    found.push(...(await endOf(name, (tag) => ({ command, args, env: { [TAG]: tag }, era: "legacy" }), say)));
  }
  return found;
}

async function openAndDrop(count: number, upstream: (tag: string) => object, say: Say): Promise<string[]> {
  const tag = randomUUID();
  const work = await makeWorkFolder();
  const file = join(work.dir, "resources.json");
  const gateway = await startGateway({
    dir: join(work.dir, "..", "gateway"),
    tag,
    upstreams: { deaf: upstream(tag) },
    nodeArgs: ["--import", new URL("watch-resources.mjs", import.meta.url).href],
    env: { RESOURCES_FILE: file },
  });
  const { program } = gateway;
  const held = async (): Promise<Held> => {
    rmSync(file, { force: true });
    process.kill(program.pid, "SIGUSR2");
    const { timers } = await eventually(async () => readOr(file));
    const processes = processesWith(`${TAG}=${tag}`).filter((pid) => pid !== program.pid).length;
    const open = openIn(program.pid);
    return { processes, timers, open };
  };
  const found: string[] = [];
  try {
    await untilUpstream(gateway, "deaf", 120_000);
    // What is made once, at the first sessions, is no leak.
    for (let at = 0; at < 2; at++) await openAll(gateway, AT_ONCE, at % 2 === 0);
    const before = await settled(held);
    say(`before: ${textOf(before)}`);
    let most = before.processes;
    for (let opened = 0; opened < count; opened += AT_ONCE) {
      await openAll(gateway, Math.min(AT_ONCE, count - opened), opened % 2 === 0);
      most = Math.max(most, (await held()).processes);
      if (opened % 30 === 0) say(`${opened} of ${count} sessions: ${textOf(await held())}`);
    }
    const after = await eventuallyLike(held, before);
    say(`after ${count} sessions, with up to ${most} processes: ${textOf(after)}`);
    const { processes, files, timers } = leftOver(after, before);
    if (processes > 0) found.push(`${count} sessions left ${processes} processes`);
    if (files.length > 0) found.push(`${count} sessions left open: ${files.join(", ")}`);
    if (timers > 0) found.push(`${count} sessions left ${timers} timers`);
    await openAll(gateway, AT_ONCE, false);
    found.push(...(await stopped("npx that ignores the end of its input", gateway, tag, say)));
  } finally {
    await program.stop();
    await countLeft(tag, 0);
    await work.remove();
  }
  return found;
}

/** Opens sessions that each call the server; ends them, or leaves them as a client does that went away. */
async function openAll({ port, key }: GatewayUnderTest, count: number, end: boolean): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async () => {
      const path = "/mcp/deaf";
      const session = await initialize(port, { path, user: key });
      const { text } = await session.request("tools/call", { name: "echo", arguments: { message: "here" } });
      if (!text.includes("Echo: here")) throw new Error(`A session was answered with ${text}`);
      if (end) await send(port, { method: "DELETE", path, headers: session.headers });
    }),
  );
}

async function endOf(name: string, upstream: (tag: string) => object, say: Say): Promise<string[]> {
  const tag = randomUUID();
  const work = await makeWorkFolder();
  const dir = join(work.dir, "..", "gateway");
  const gateway = await startGateway({ dir, tag, upstreams: { ugly: upstream(tag) } });
  try {
    await eventually(async () => (processesWith(`${TAG}=${tag}`).length > 1 ? true : undefined));
    return await stopped(name, gateway, tag, say);
  } finally {
    await gateway.program.stop();
    await countLeft(tag, 0);
    await work.remove();
  }
}

async function stopped(name: string, { program }: GatewayUnderTest, tag: string, say: Say): Promise<string[]> {
  const running = processesWith(`${TAG}=${tag}`).length;
  const began = Date.now();
  await program.stop(2 * STOP_MS);
  const took = Date.now() - began;
  const left = await countLeft(tag, 500);
  say(`SIGTERM, ${name}: ${running} processes, ended with ${program.exitCode()} after ${took} ms, ${left} left`);
  return [
    ...(took > STOP_MS ? [`${name}: SIGTERM took ${took} ms`] : []),
    ...(program.exitCode() === 0 ? [] : [`${name}: the gateway ended with ${program.exitCode()}`]),
    ...(left > 0 ? [`${name}: SIGTERM left ${left} processes`] : []),
  ];
}

/** What is held once nothing changes for a while, or after two minutes. */
async function settled(held: () => Promise<Held>): Promise<Held> {
  const deadline = Date.now() + 120_000;
  let last = await held();
  for (let same = 0; same < 20 && Date.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const now = await held();
    same = textOf(now) === textOf(last) ? same + 1 : 0;
    last = now;
  }
  return last;
}

/** What is held once it is no more than before, or after two minutes. */
async function eventuallyLike(held: () => Promise<Held>, before: Held): Promise<Held> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const now = await held();
    const { processes, files, timers } = leftOver(now, before);
    if ((processes <= 0 && files.length === 0 && timers <= 0) || Date.now() > deadline) return now;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** What is held now and was not before. */
function leftOver(now: Held, before: Held) {
  return {
    processes: now.processes - before.processes,
    files: without(now.open, [...before.open, ...STORE_THREAD]),
    timers: now.timers - before.timers,
  };
}

function openIn(pid: number): readonly string[] {
  const dir = `/proc/${pid}/fd`;
  return readdirSync(dir).flatMap((fd) => {
    try {
      return [readlinkSync(join(dir, fd)).replace(/^\/.*\/|\[\d+\]/, "")];
    } catch {
      // It was closed meanwhile.
      return [];
    }
  });
}

/** What is left of a list when each of the others is taken out once. */
function without(list: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...list];
  for (const other of others) {
    const at = left.indexOf(other);
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}

function readOr(file: string): { readonly timers: number } | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // Not written yet, or not to its end.
    return undefined;
  }
}

function textOf({ processes, open, timers }: Held): string {
  return `${processes} processes, ${open.length} file descriptors, ${timers} timers`;
}
