import { LIST_KINDS, type ListKind } from "../../mcp/messages.ts";
import type { UpstreamTrouble } from "../reaching/state.ts";

/** Has lists read again that could not be read, ever more rarely, and says so meanwhile. */
export interface ListRetries {
  /** What came of reading a list: why it, or the rest of it, was not read, or `undefined`. */
  read(kind: ListKind, problem: string | undefined, what?: "all" | "rest"): void;
  close(): void;
}

export function createListRetries(deps: {
  /** Delay in ms before attempt `attempt` in a row. */
  readonly delay: (attempt: number) => number;
  readonly now: () => number;
  readonly later: (work: () => void, ms: number) => NodeJS.Timeout;
  /** Has the list read again. */
  readonly again: (kind: ListKind) => void;
  readonly trouble: (trouble: UpstreamTrouble | undefined) => void;
}): ListRetries {
  const { delay, now, later, again, trouble } = deps;
  const failed = new Map<ListKind, Failed>();
  let closed = false;
  return {
    read(kind, problem, what = "all") {
      const before = failed.get(kind);
      clearTimeout(before?.timer);
      if (closed || problem === undefined) {
        failed.delete(kind);
        trouble(troubleOf(failed));
        return;
      }
      const attempts = before?.attempts ?? 0;
      const ms = delay(attempts);
      const list = what === "all" ? "Its" : "The rest of its";
      const timer = later(() => again(kind), ms);
      failed.set(kind, { attempts: attempts + 1, timer, list, problem, next: now() + ms });
      trouble(troubleOf(failed));
    },
    close() {
      closed = true;
      for (const { timer } of failed.values()) clearTimeout(timer);
      failed.clear();
    },
  };
}

interface Failed {
  readonly attempts: number;
  readonly timer: NodeJS.Timeout;
  /** Which part of it. */
  readonly list: "Its" | "The rest of its";
  readonly problem: string;
  readonly next: number;
}

/** Says of all lists at once which could not be read, with each reason once. */
function troubleOf(failed: ReadonlyMap<ListKind, Failed>): UpstreamTrouble | undefined {
  if (failed.size === 0) return undefined;
  const alike = new Map<string, { list: string; names: string[]; problem: string }>();
  for (const kind of LIST_KINDS) {
    const found = failed.get(kind);
    if (found === undefined) continue;
    const { list, problem } = found;
    const others = alike.get(list + problem);
    if (others === undefined) alike.set(list + problem, { list, names: [NAMES[kind]], problem });
    else others.names.push(NAMES[kind]);
  }
  const details = [...alike.values()].map(
    ({ list, names, problem }) => `${list} ${WORDS.format(names)} could not be read. ${problem}`,
  );
  return { detail: details.join(" "), next: Math.min(...[...failed.values()].map(({ next }) => next)) };
}

const WORDS = new Intl.ListFormat("en-GB", { type: "conjunction" });
const NAMES: Readonly<Record<ListKind, string>> = {
  tools: "tools",
  prompts: "prompts",
  resources: "resources",
  resourceTemplates: "resource templates",
};
