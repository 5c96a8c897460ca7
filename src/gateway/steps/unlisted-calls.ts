import type { Audit, AuditClosing, UnlistedAct } from "../../audit/audit.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { namedOwner } from "../../catalog/naming.ts";
import type { Call } from "../../core/call.ts";
import type { CallOutcome } from "../../core/call-outcome.ts";
import { personKey } from "../../core/principal.ts";
import type { SubjectKind } from "../../core/subject.ts";
import { auditCaller } from "./origin.ts";

/**
 * Rows of one person's calls for one upstream within the time below: whoever invents names must not fill the record. Further
 * calls are counted, and the number stands in a row of its own.
 */
const MAX_ROWS = 20;
const WINDOW_MS = 3_600_000;

/** People and upstreams that are counted one by one; those beyond share one count for each upstream. */
const MAX_WINDOWS = 10_000;

interface Window extends Pick<UnlistedAct, "upstream" | "actor"> {
  rows: number;
  leftOut: number;
  /** When the first was left out. */
  since: number;
  readonly timer: NodeJS.Timeout;
}

/** What is recorded of a call about which nothing is decided. */
export type UndecidedCall = Pick<
  Call,
  "id" | "method" | "scope" | "principal" | "client" | "session" | "traceId" | "receivedAt"
>;

/** What a request ends with that is about nothing anybody has. */
const UNKNOWN = { tool: "TOOL_UNKNOWN", prompt: "PROMPT_UNKNOWN", resource: "RESOURCE_UNKNOWN" } as const;

/** What such a call names, and how it ended where that is not for want of what it names. */
export interface Undecided {
  readonly kind: SubjectKind;
  /** Of a resource its URI. */
  readonly name: string;
  readonly outcome?: CallOutcome | undefined;
  /** The request for approval with which it goes on. */
  readonly approval?: AuditClosing["approval"];
}

/** The record of requests about what nobody has, of a server that has not listed its tools or invented, and of malformed calls. */
export interface UnlistedCalls {
  /**
   * Resolves once the call is on record, or counted. The caller hears the same in any case. @throws never
   */
  record(call: UndecidedCall, about: Undecided): Promise<void>;
  /** Writes down what was only counted so far. */
  close(): void;
}

/** Makes it. */
export function createUnlistedCalls(deps: {
  readonly catalog: Pick<Catalog, "view">;
  readonly audit: Pick<Audit, "open" | "close" | "record">;
  /** ms since the epoch. */
  readonly now: () => number;
}): UnlistedCalls {
  const { catalog, audit, now } = deps;
  const windows = new Map<string, Window>();

  function windowOf({ principal }: UndecidedCall, upstream: string | undefined): Window {
    const own = `${upstream ?? ""}\n${personKey(principal)}`;
    const { issuer, subject, email } = principal;
    const known = windows.get(own);
    if (known !== undefined) return known;
    if (windows.size < MAX_WINDOWS) return begin(own, upstream, { issuer, subject, email });
    const shared = upstream ?? "";
    return windows.get(shared) ?? begin(shared, upstream, undefined);
  }

  function begin(key: string, upstream: string | undefined, actor: Window["actor"]): Window {
    const timer = setTimeout(() => end(key), WINDOW_MS).unref();
    const window: Window = { upstream, actor, rows: 0, leftOut: 0, since: 0, timer };
    windows.set(key, window);
    return window;
  }

  function end(key: string): void {
    const window = windows.get(key);
    if (window === undefined) return;
    windows.delete(key);
    clearTimeout(window.timer);
    const { upstream, actor, leftOut: calls, since } = window;
    if (calls > 0) audit.record({ about: "unlisted", upstream, actor, at: now(), since, calls });
  }

  return {
    async record(call, { kind: subjectKind, name, outcome, approval }) {
      const isName = subjectKind !== "resource";
      const { upstream, tool: unlisted } = isName ? namedOwner(call.scope, name) : { upstream: undefined, tool: name };
      const window = windowOf(call, upstream);
      const mayWrite = window.rows < MAX_ROWS;
      if (mayWrite) window.rows += 1;
      const opening = { ...auditCaller(call), method: call.method, upstream, subjectKind, unlisted };
      if (!mayWrite || !(await audit.open(opening))) {
        if (window.leftOut === 0) window.since = call.receivedAt;
        window.leftOut += 1;
        return;
      }
      const isDown = upstream !== undefined && catalog.view(call.scope).unlisted.has(upstream);
      const at = now();
      const unknown = isDown ? "UPSTREAM_UNAVAILABLE" : UNKNOWN[subjectKind];
      audit.close({ callId: call.id, at, outcome: outcome ?? unknown, durationMs: at - call.receivedAt, approval });
    },
    close() {
      for (const key of [...windows.keys()]) end(key);
    },
  };
}
