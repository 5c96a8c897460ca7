import type { Era } from "../../core/call.ts";
import { Cancellation } from "../../core/cancellation.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { FoldedKeys } from "../../core/keys.ts";
import type { Log } from "../../core/log.ts";
import type { FaultRound, Round, UpstreamFault } from "../../core/round.ts";
import { readTtl } from "../../mcp/caching.ts";
import { withoutLookalikes } from "../../mcp/members/known-members.ts";
import { LIST_METHODS, type ListKind } from "../../mcp/messages.ts";
import { faultRound } from "../messages/fault.ts";
import { plainRequest } from "../messages/plain-request.ts";
import type { ListAnswer, UpstreamSession } from "../upstream.ts";

/** The server capability that a list belongs to. */
export const LIST_CAPABILITY: Readonly<Record<ListKind, string>> = {
  tools: "tools",
  prompts: "prompts",
  resources: "resources",
  resourceTemplates: "resources",
};

export interface ReadListOptions {
  readonly upstream: string;
  readonly session: UpstreamSession;
  /** Tells the era of the server that answers. */
  readonly era: () => Era | undefined;
  /** Deadline of the whole list, all pages together. */
  readonly timeoutMs: number;
  readonly maxPages: number;
  readonly maxItems: number;
  /** Of all pages together. */
  readonly maxBytes: number;
  readonly log: Log;
}

/** Longest cursor that is sent back, in characters. */
const MAX_CURSOR = 8 * 1024;

/** Reads all pages of a list, each definition without members that read like others. A server that does not know the method has an empty one. @throws never */
export async function readList(kind: ListKind, options: ReadListOptions): Promise<ListAnswer> {
  const cancellation = new Cancellation();
  const timer = setTimeout(() => cancellation.cancel("deadline"), options.timeoutMs);
  try {
    return await readPages(kind, options, cancellation);
  } finally {
    clearTimeout(timer);
  }
}

async function readPages(kind: ListKind, options: ReadListOptions, cancellation: Cancellation): Promise<ListAnswer> {
  const { upstream, session, log } = options;
  const items: Json[] = [];
  let ttlMs: number | undefined;
  const cursors = new Set<string>();
  const keys = new FoldedKeys();
  let cursor: string | undefined;
  let bytes = 0;
  // What was read until then is of use, whatever the next page is.
  const unread = (fault: UpstreamFault): ListAnswer =>
    items.length === 0
      ? { ok: false, fault }
      : { ok: true, items: items.slice(0, options.maxItems), ttlMs, missing: fault.detail };
  for (let page = 0; page < options.maxPages; page++) {
    const params = cursor === undefined ? {} : { cursor };
    const round = await session.request(plainRequest(LIST_METHODS[kind], params, cancellation));
    if (round.kind === "error" && round.error.code === -32601 && page === 0) return { ok: true, items };
    bytes += round.kind === "result" ? round.result.bytes.length : 0;
    const read = readPage(kind, round, bytes, options);
    if (read.kind === "fault") return unread(read.fault);
    const { value, found } = read;
    // Of all pages the soonest.
    if (options.era() === "modern") ttlMs = Math.min(readTtl(value["ttlMs"]), ttlMs ?? Number.POSITIVE_INFINITY);
    for (const item of found) items.push(isObject(item) ? withoutLookalikes(item, keys) : item);
    cursor = typeof value["nextCursor"] === "string" ? value["nextCursor"] : undefined;
    // Some servers end their list with an empty cursor.
    if (cursor === undefined || cursor === "") return { ok: true, items, ttlMs };
    if (cursor.length > MAX_CURSOR) {
      return unread(invalid(upstream, `Its ${kind} list has a cursor beyond ${MAX_CURSOR} characters.`).fault);
    }
    if (cursors.has(cursor)) {
      log.warn(
        { upstream, kind, items: items.length },
        "An upstream's list repeats a cursor: what was read until then is taken.",
      );
      return { ok: true, items: items.slice(0, options.maxItems), ttlMs };
    }
    cursors.add(cursor);
    if (items.length >= options.maxItems) break;
  }
  log.warn({ upstream, kind, items: items.length }, "An upstream's list is longer than is read; the rest is left out.");
  return { ok: true, items: items.slice(0, options.maxItems), ttlMs };
}

/** The list on one page, or why there is none. `bytes`: of all pages so far. */
function readPage(
  kind: ListKind,
  round: Round,
  bytes: number,
  { upstream, maxBytes, timeoutMs }: ReadListOptions,
): { readonly kind: "page"; readonly value: JsonObject; readonly found: readonly Json[] } | FaultRound {
  switch (round.kind) {
    case "fault": {
      if (round.fault.code !== "CALL_CANCELLED") return round;
      const detail = `Its list was not read within ${timeoutMs} ms.`;
      return { kind: "fault", fault: { ...round.fault, code: "UPSTREAM_TIMEOUT", detail } };
    }
    case "error":
      return invalid(upstream, `It answered ${LIST_METHODS[kind]} with JSON-RPC error ${round.error.code}.`);
    case "input_required":
      round.abandon("A list asks nothing.");
      return invalid(upstream, `It asked back on ${LIST_METHODS[kind]}.`);
    case "result": {
      if (bytes > maxBytes) return invalid(upstream, `Its ${kind} list is larger than ${maxBytes} bytes.`);
      const value = round.result.value();
      const found = isObject(value) ? value[kind] : undefined;
      if (isObject(value) && Array.isArray(found)) return { kind: "page", value, found };
      return invalid(upstream, `Its answer to ${LIST_METHODS[kind]} holds no list.`);
    }
    default:
      return round satisfies never;
  }
}

function invalid(upstream: string, detail: string): FaultRound {
  return faultRound(upstream, "UPSTREAM_INVALID", "no", detail);
}
