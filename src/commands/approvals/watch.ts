import { setTimeout as pause } from "node:timers/promises";
import {
  type ApprovalBody,
  type ApprovalDetailBody,
  approvalDetailSchema,
  approvalListSchema,
} from "../../admin/approvals/schema.ts";
import { writeExact } from "../../core/exact-json.ts";
import type { ApiAnswer, ApiClient, ApiRefusal } from "../api/client.ts";
import type { Shell } from "../shell.ts";
import { isTerminal, painter } from "../terminal/output.ts";
import { keysFor, obeyLine, readTyped } from "./keys.ts";
import { approvalLine } from "./text.ts";
import { visible } from "./tree.ts";

interface WatchOptions {
  readonly json: boolean;
  /** How often the gateway is asked. */
  readonly everyMs: number;
}

/**
 * Prints requests as they come and change, until it is stopped: a line for people, who can decide them by number at a
 * terminal, or with `json` a line of JSON. Goes on through a gateway that is away for a while; ends when the gateway
 * refuses.
 */
export async function watchApprovals(
  shell: Shell,
  api: ApiClient,
  path: string,
  { json, everyMs }: WatchOptions,
): Promise<void> {
  const stopping = new AbortController();
  void shell.stopped().then(() => stopping.abort());
  const { signal } = stopping;
  const atTerminal = !json && isTerminal(shell.stdout) && "isTTY" in shell.stdin && shell.stdin.isTTY === true;
  const typed = atTerminal ? readTyped(shell.stdin, signal) : undefined;
  const numbers = createNumbers();
  // What the last look found, and no more: bounded by the page.
  let known: ReadonlyMap<string, ApprovalBody> | undefined;
  let away = false;
  try {
    while (!signal.aborted) {
      const looked = await look(api, path, known ?? new Map());
      if (signal.aborted) return;
      if (looked.ok) {
        if (away) shell.err(`${api.url} answers again.`);
        away = false;
        const { changed } = looked.value;
        if (known === undefined && changed.length === 0) shell.err("Nothing waits now. Watching; Ctrl-C ends.");
        for (const item of changed) {
          const number = typed !== undefined && item.may_decide ? numbers.of(item.id) : undefined;
          announce(shell, item, { wasKnown: known?.has(item.id) === true, json, number });
        }
        known = looked.value.known;
        numbers.keep(known);
      } else {
        // A refusal stays one; and where nothing was ever there, it is most likely the wrong place.
        if (known === undefined || isFinal(looked)) {
          shell.err(looked.message);
          return shell.setExitCode(1);
        }
        if (!away) shell.err(`${looked.message} Trying again.`);
        away = true;
      }
      if (typed === undefined) await pause(everyMs, undefined, { signal }).catch(() => {});
      else {
        const line = await typed.next(everyMs);
        if (line !== undefined) {
          await obeyLine(shell, api, line, numbers.idOf, (question) => {
            // What was typed, or pasted, before the question cannot be the answer to it.
            typed.forget();
            shell.stdout.write(question);
            return typed.next(ANSWER_MS);
          });
        }
      }
    }
  } finally {
    typed?.close();
  }
}

/** How long a question stands before it counts as answered with no. */
const ANSWER_MS = 10 * 60_000;

/** Short names for requests, so that nobody types ids. A number is never given twice. */
function createNumbers() {
  const ids = new Map<number, string>();
  let last = 0;
  return {
    of(id: string): number {
      for (const [number, known] of ids) if (known === id) return number;
      last += 1;
      ids.set(last, id);
      return last;
    },
    idOf: (number: number): string | undefined => ids.get(number),
    keep(known: ReadonlyMap<string, unknown>): void {
      for (const [number, id] of ids) if (!known.has(id)) ids.delete(number);
    },
  };
}

interface Look {
  readonly known: ReadonlyMap<string, ApprovalBody>;
  readonly changed: readonly ApprovalBody[];
}

async function look(api: ApiClient, path: string, known: ReadonlyMap<string, ApprovalBody>): Promise<ApiAnswer<Look>> {
  const page = await api.get(path, approvalListSchema);
  if (!page.ok) return page;
  const now = new Map(page.value.items.map((item) => [item.id, item]));
  // The oldest first, as they happened.
  const changed = [...now.values()]
    .filter((item) => known.get(item.id)?.version !== item.version)
    .sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
  for (const id of known.keys()) {
    if (now.has(id)) continue;
    const left = await api.get(`/approvals/${encodeURIComponent(id)}`, approvalDetailSchema);
    if (left.ok) {
      if (left.value.version !== known.get(id)?.version) changed.push(withoutHistory(left.value));
    } else if (left.status !== 404) return left;
  }
  return { ok: true, value: { known: now, changed } };
}

// One shape for every line: a request as lists show it.
function withoutHistory({ history: _, ...item }: ApprovalDetailBody): ApprovalBody {
  return item;
}

interface Announcement {
  readonly wasKnown: boolean;
  readonly json: boolean;
  /** `undefined`: it cannot be decided by number. */
  readonly number: number | undefined;
}

function announce(shell: Shell, item: ApprovalBody, { wasKnown, json, number }: Announcement): void {
  if (json) {
    shell.out(writeExact(item));
    return;
  }
  const line = approvalLine(item, { paint: painter(shell.colours), now: Date.now() });
  const bell = !wasKnown && item.may_decide && shell.colours ? "\u0007" : "";
  const how = number === undefined ? `decide: ${shell.command} approvals approve ${visible(item.id)}` : keysFor(number);
  shell.out(`${bell}${wasKnown ? "  ~ " : "  + "}${line}${item.may_decide ? `\n      ${how}` : ""}`);
}

function isFinal({ status }: ApiRefusal): boolean {
  return status >= 400 && status < 500;
}
