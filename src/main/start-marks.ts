import { renameSync, writeFileSync } from "node:fs";
import { isObject, type Json } from "../core/json.ts";
import { JSON_LIMITS } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import { parseJson } from "../core/parse-json.ts";
import { readSmallFileSync } from "../core/read-small-file.ts";
import type { UpstreamOptions } from "../upstream/upstream.ts";

/** Which upstreams the operator wants left out at this start, and which tried although earlier starts crashed at them. */
export interface StartChoice {
  readonly without: readonly string[];
  readonly again: readonly string[];
}

/**
 * What one start knows of those before it: which upstreams were being brought up when the process died. Kept in a file
 * beside the store, since a process that dies has no time to write anything down.
 */
export interface StartMarks {
  /** Why an upstream is not brought up now, for operators; `undefined` if it is. */
  skipped(upstream: Pick<UpstreamOptions, "name">, place: string): string | undefined;
  /**
   * Notes what is brought up, until each is settled; then has those that may be what crashed have their turn, one at a
   * time. Resolves when all had it.
   */
  bringUp(names: readonly string[], how: BringUp): Promise<void>;
  /** The process ends in order. */
  close(): void;
}

export interface BringUp {
  placeOf(name: string): string | undefined;
  /** Resolves when an upstream was read for the first time or found down. */
  settled(name: string): Promise<void>;
  /** Asks `skipped` again for all of them. */
  refresh(): void;
}

interface Crashes {
  readonly count: number;
  /** Where it was then: another one of the same name is innocent. */
  readonly place: string;
}

interface Marks {
  readonly pid: number;
  readonly bringing: ReadonlyMap<string, string>;
  readonly crashes: ReadonlyMap<string, Crashes>;
}

/** Crashes in a row after which an upstream is left out. */
const MAX_CRASHES = 2;
/** Of the file. */
const MAX_BYTES = 8_388_608;
const NO_MARKS: Marks = { pid: 0, bringing: new Map(), crashes: new Map() };

/** Reads the marks of the starts before. `path`: the file; `undefined` keeps none. */
export function openStartMarks(deps: {
  readonly path: string | undefined;
  readonly choice: StartChoice;
  readonly log: Log;
  readonly pid?: number;
  /** Whether a process still runs. */
  readonly runs?: (pid: number) => boolean;
}): StartMarks {
  const { log, choice, pid = process.pid, runs = isRunning } = deps;
  let { path } = deps;
  const before = path === undefined ? NO_MARKS : readMarks(path);
  // In a container every life of the gateway has the same id.
  const another = before.bringing.size > 0 && before.pid !== pid && runs(before.pid);
  if (another) path = undefined;
  const crashed = another ? NO_MARKS.bringing : before.bringing;
  const crashes = new Map(before.crashes);
  const bringing = new Map<string, string>();
  let closed = false;
  const waiting = new Map(crashed);
  if (crashed.size > 0) log.error({ upstreams: [...crashed.keys()] }, "The start before ended at these upstreams.");
  if (crashed.size === 1) {
    for (const [name, place] of crashed) {
      const known = crashes.get(name);
      crashes.set(name, { place, count: known?.place === place ? known.count + 1 : 1 });
    }
  }
  for (const name of choice.again) crashes.delete(name);

  const write = (): void => {
    if (path === undefined) return;
    const text = JSON.stringify({ pid, bringing: [...bringing], crashes: [...crashes] });
    try {
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    } catch (err) {
      path = undefined;
      log.warn({ err }, "The marks of starts cannot be kept: upstreams at which the gateway crashes are not left out.");
    }
  };
  const isOut = (name: string, place: string): boolean => {
    const known = crashes.get(name);
    return known !== undefined && known.place === place && known.count >= MAX_CRASHES;
  };
  const oneByOne = async (names: readonly string[], how: BringUp): Promise<void> => {
    for (const name of names) {
      if (closed) return;
      waiting.delete(name);
      const place = how.placeOf(name);
      if (place === undefined || isOut(name, place)) continue;
      bringing.set(name, place);
      write();
      how.refresh();
      await how.settled(name);
      bringing.delete(name);
      crashes.delete(name);
      write();
    }
  };

  const skipped: StartMarks["skipped"] = ({ name }, place) => {
    if (choice.without.includes(name)) return `Left out by --without ${name}. Start without that option to use it.`;
    if (isOut(name, place)) {
      return (
        `Left out: the gateway crashed ${MAX_CRASHES} times in a row while it was brought up. Mend or remove it; ` +
        `a restart with --with ${name} tries it again.`
      );
    }
    return waiting.get(name) === place ? "It waits: the gateway crashed at the last start, perhaps at it." : undefined;
  };

  return {
    skipped,
    async bringUp(names, how) {
      const left: string[] = [];
      for (const name of names) {
        const place = how.placeOf(name) ?? "";
        const why = skipped({ name }, place);
        if (why === undefined) bringing.set(name, place);
        else if (waiting.has(name)) left.push(name);
        if (why !== undefined) log.warn({ upstream: name, why }, "An upstream is not brought up.");
      }
      write();
      const settling = [...bringing.keys()].map(async (name) => {
        await how.settled(name);
        bringing.delete(name);
        crashes.delete(name);
        write();
      });
      await Promise.all(settling);
      await oneByOne(left, how);
      waiting.clear();
    },
    close() {
      closed = true;
      bringing.clear();
      write();
    },
  };
}

function readMarks(path: string): Marks {
  const read = readSmallFileSync(path, MAX_BYTES);
  if (!read.ok) return NO_MARKS;
  const parsed = parseJson(read.text, JSON_LIMITS);
  // A file that was cut off by a full disk says nothing, and is written anew.
  if (!parsed.ok || !isObject(parsed.value)) return NO_MARKS;
  const { pid, bringing, crashes } = parsed.value;
  if (typeof pid !== "number") return NO_MARKS;
  return {
    pid,
    bringing: new Map(
      pairs(bringing).flatMap(([name, place]) => (typeof place === "string" ? [[name, place] as const] : [])),
    ),
    crashes: new Map(
      pairs(crashes).flatMap(([name, known]) => {
        if (!isObject(known) || typeof known["count"] !== "number" || typeof known["place"] !== "string") return [];
        return [[name, { count: known["count"], place: known["place"] }] as const];
      }),
    ),
  };
}

function pairs(value: Json | undefined): ReadonlyArray<readonly [string, Json | undefined]> {
  if (!Array.isArray(value)) return [];
  const list: readonly Json[] = value;
  return list.flatMap((pair) => {
    if (!Array.isArray(pair)) return [];
    const [name, item]: readonly Json[] = pair;
    return typeof name === "string" ? [[name, item] as const] : [];
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (err) {
    return err instanceof Error && "code" in err && err.code === "EPERM";
  }
}
