import type { ListKind } from "../../mcp/messages.ts";
import type { UpstreamTrouble } from "./state.ts";

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
  readonly trouble: (what: string, trouble: UpstreamTrouble | undefined) => void;
}): ListRetries {
  const { delay, now, later, again, trouble } = deps;
  const failed = new Map<ListKind, { attempts: number; timer: NodeJS.Timeout }>();
  let closed = false;
  return {
    read(kind, problem, what = "all") {
      const before = failed.get(kind);
      clearTimeout(before?.timer);
      if (closed || problem === undefined) {
        failed.delete(kind);
        trouble(kind, undefined);
        return;
      }
      const attempts = before?.attempts ?? 0;
      const ms = delay(attempts);
      failed.set(kind, { attempts: attempts + 1, timer: later(() => again(kind), ms) });
      const list = what === "all" ? `Its ${NAMES[kind]}` : `The rest of its ${NAMES[kind]}`;
      trouble(kind, { detail: `${list} could not be read. ${problem}`, next: now() + ms });
    },
    close() {
      closed = true;
      for (const { timer } of failed.values()) clearTimeout(timer);
      failed.clear();
    },
  };
}

const NAMES: Readonly<Record<ListKind, string>> = {
  tools: "tools",
  prompts: "prompts",
  resources: "resources",
  resourceTemplates: "resource templates",
};
