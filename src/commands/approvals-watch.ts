import { setTimeout as pause } from "node:timers/promises";
import {
  type ApprovalBody,
  type ApprovalDetailBody,
  approvalDetailSchema,
  approvalListSchema,
} from "../admin/approval-schema.ts";
import type { ApiAnswer, ApiClient, ApiRefusal } from "./api-client.ts";
import { approvalLine } from "./approvals-text.ts";
import { visible } from "./approvals-tree.ts";
import { painter } from "./output.ts";
import type { Shell } from "./shell.ts";

/**
 * Prints requests as they come and change, until it is stopped: a line for people, or with `json` a line of JSON. Goes
 * on through a gateway that is away for a while; ends when the gateway refuses.
 */
export async function watchApprovals(
  shell: Shell,
  api: ApiClient,
  path: string,
  options: { readonly json: boolean; readonly everyMs: number },
): Promise<void> {
  const stopping = new AbortController();
  void shell.stopped().then(() => stopping.abort());
  const { signal } = stopping;
  // What the last look found, and no more: bounded by the page.
  let known: ReadonlyMap<string, ApprovalBody> = new Map();
  let away = false;
  let first = true;
  while (!signal.aborted) {
    const looked = await look(api, path, known);
    if (signal.aborted) return;
    if (looked.ok) {
      if (away) shell.err(`${api.url} answers again.`);
      away = false;
      if (first && looked.value.changed.length === 0) shell.err("Nothing waits now. Watching; Ctrl-C ends.");
      first = false;
      for (const item of looked.value.changed) announce(shell, item, known.has(item.id), options.json);
      known = looked.value.known;
    } else {
      // A refusal stays one; and where nothing was ever there, it is most likely the wrong place.
      if (first || isFinal(looked)) {
        shell.err(looked.message);
        return shell.setExitCode(1);
      }
      if (!away) shell.err(`${looked.message} Trying again.`);
      away = true;
    }
    await pause(options.everyMs, undefined, { signal }).catch(() => {});
  }
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
  const changed = [...now.values()].filter((item) => known.get(item.id)?.version !== item.version).reverse();
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

function announce(shell: Shell, item: ApprovalBody, wasKnown: boolean, json: boolean): void {
  if (json) {
    shell.out(JSON.stringify(item));
    return;
  }
  const line = approvalLine(item, { paint: painter(shell.colours), now: Date.now() });
  const bell = !wasKnown && item.may_decide && shell.colours ? "\u0007" : "";
  const hint = item.may_decide ? `\n      decide: portcullis approvals approve ${visible(item.id)}` : "";
  shell.out(`${bell}${wasKnown ? "  ~ " : "  + "}${line}${hint}`);
}

function isFinal({ status }: ApiRefusal): boolean {
  return status >= 400 && status < 500;
}
