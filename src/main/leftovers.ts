import { randomUUID } from "node:crypto";
import { readdir, readFile, readlink } from "node:fs/promises";
import type { Log } from "../core/log.ts";
import { CHILD_MARK } from "../upstream/process/children.ts";

const GRACE_MS = 1_500;
const LOOK_MS = 50;

/**
 * A mark for the children of one gateway in this process: `<pid>.<start time>.<random>`. Id and start time are together those
 * of one process only, until the machine starts again. `undefined` where `/proc` does not tell them (only Linux does).
 */
export async function newChildMark(): Promise<string | undefined> {
  const started = await startTime("self");
  return started === undefined ? undefined : `${process.pid}.${started}.${randomUUID()}`;
}

export interface LeftoversDeps {
  readonly log: Log;
  /** How long they may take to end after SIGTERM, and again after SIGKILL, in ms. Default 1,500. */
  readonly graceMs?: number;
}

/** Ends what gateways left behind that run no more. `inherited`: the mark in this process's own environment, which is spared. */
export function endLeftovers(inherited: string | undefined, deps: LeftoversDeps): Promise<void> {
  return endMarked(deps, async (mark) => {
    const [pid = "", started] = mark.split(".");
    return mark !== inherited && /^\d+$/.test(pid) && (await startTime(pid)) !== started;
  });
}

/** Ends what carries this very mark: children that made themselves sessions of their own. */
export function endMarkedWith(own: string, deps: LeftoversDeps): Promise<void> {
  return endMarked(deps, async (mark) => mark === own);
}

async function endMarked(
  { log, graceMs = GRACE_MS }: LeftoversDeps,
  isMeant: (mark: string) => Promise<boolean>,
): Promise<void> {
  const told = new Set<string>();
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (let waited = 0; waited < graceMs; waited += LOOK_MS) {
      const found = await findMarked(isMeant);
      if (found.length === 0) return;
      for (const { pid, stillThere } of found) {
        // SIGTERM once, to be heard; SIGKILL again and again, since whoever forks may have forked.
        if (signal === "SIGTERM" && told.has(pid)) continue;
        told.add(pid);
        // An id may be another process's by now: looked at once more right before.
        if (await stillThere()) send(pid, signal);
      }
      if (waited === 0) log.info({ processes: found.length, signal }, "Ending processes that an upstream left behind.");
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
  log.warn({}, "Processes that an upstream left behind do not end.");
}

interface Marked {
  readonly pid: string;
  readonly stillThere: () => Promise<boolean>;
}

/** Processes of this user, in this process's own view of the machine (a container is another), whose mark is meant. */
async function findMarked(isMeant: (mark: string) => Promise<boolean>): Promise<readonly Marked[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter(
    (name) => /^\d+$/.test(name) && name !== `${process.pid}`,
  );
  const view = await readlink("/proc/self/ns/pid").catch(() => "");
  const found: Marked[] = [];
  for (const pid of pids) {
    const mark = await markOf(pid);
    if (mark === undefined || !(await isMeant(mark))) continue;
    const started = await startTime(pid);
    const theirs = await readlink(`/proc/${pid}/ns/pid`).catch(() => undefined);
    if (started === undefined || theirs !== view) continue;
    found.push({ pid, stillThere: async () => (await startTime(pid)) === started });
  }
  return found;
}

async function markOf(pid: string): Promise<string | undefined> {
  // What may not be read is another user's.
  const text = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  const start = `${CHILD_MARK}=`;
  const set = text.split("\0").find((variable) => variable.startsWith(start));
  return set?.slice(start.length);
}

/** When a process started, in ticks since the machine did; `undefined` for one that has ended. */
async function startTime(pid: string): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // proc_pid_stat(5): the name is in parentheses and may hold anything; of what follows, the state is first, the start time 20th.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : fields[19];
}

function send(pid: string, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(Number(pid), signal);
  } catch {
    // It has ended, which is what was wanted; what may not be signalled is reported in the end.
  }
}
