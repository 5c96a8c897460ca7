import type { Audit } from "../../audit/audit.ts";
import { definitionDifference } from "../../catalog/definitions/definition-difference.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import type { DefinitionChange } from "../../store/definitions/definitions.ts";

export interface DefinitionRecordDeps {
  readonly audit: Pick<Audit, "record">;
  /** Tells operators that so many tools are described otherwise. */
  readonly notify: (upstream: string, tools: number) => void;
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** Rows of one upstream within the time below. A server that changes more often is on record with how often it did. */
const MAX_ROWS = 100;
const WINDOW_MS = 3_600_000;

interface Window {
  readonly since: number;
  rows: number;
  /** Changes that got no row of their own, by what became of the tool. */
  more: Record<DefinitionChange["kind"], number> | undefined;
}

/** What upstreams change in the definitions of their tools, on record. */
export interface DefinitionRecord {
  /** Writes down what changed: a row of kind `admin` for each tool, a line in the log, an event. */
  changed(upstream: string, changes: readonly DefinitionChange[]): void;
  /** Writes down what was only counted so far. */
  close(): void;
}

/** Makes one. */
export function createDefinitionRecord(deps: DefinitionRecordDeps): DefinitionRecord {
  const { audit, log, now } = deps;
  // One for each upstream: as many as there are.
  const windows = new Map<string, Window>();

  function windowOf(upstream: string): Window {
    const open = windows.get(upstream);
    if (open !== undefined && now() - open.since < WINDOW_MS) return open;
    const next: Window = { since: now(), rows: 0, more: undefined };
    windows.set(upstream, next);
    return next;
  }

  function recordMore(upstream: string, window: Window): void {
    if (window.more === undefined) return;
    const more: JsonObject = { ...window.more };
    window.more = undefined;
    const what = { about: "definition", outcome: "definitions_changing", tool: undefined, digest: undefined } as const;
    audit.record({ ...what, upstream, at: now(), difference: more });
  }

  function changed(upstream: string, changes: readonly DefinitionChange[]): void {
    const window = windowOf(upstream);
    for (const change of changes) {
      const { tool, kind, digest, before, after } = change;
      if (window.rows < MAX_ROWS) {
        // Only here: a server may change thousands at once, and comparing them is work.
        const difference = before && after ? definitionDifference(before, after) : {};
        window.rows += 1;
        audit.record({
          ...{ about: "definition", outcome: `definition_${kind}`, upstream, tool, digest, difference },
          at: now(),
        });
        const line = `The definition of a tool is ${kind}.`;
        if (kind === "changed") log.warn({ upstream, tool, ...difference }, line);
        else log.info({ upstream, tool }, line);
        continue;
      }
      // The number is written when the hour is over, by a timer that keeps no process alive.
      if (window.more === undefined) {
        window.more = { new: 0, changed: 0, gone: 0 };
        setTimeout(() => recordMore(upstream, window), WINDOW_MS - (now() - window.since)).unref();
        log.warn(
          { upstream },
          "The definitions of tools change all the time: from now on their changes are only counted.",
        );
      }
      window.more[kind] += 1;
    }
    deps.notify(upstream, changes.length);
  }

  return {
    changed,
    close() {
      for (const [upstream, window] of windows) recordMore(upstream, window);
    },
  };
}
