import type { Era } from "../../core/call.ts";
import { isObject } from "../../core/json.ts";
import type { ListKind } from "../../mcp/messages.ts";
import type { ReachDeps } from "../reaching/connection-attempts.ts";
import type { PeerSession } from "../sessions/peer-session.ts";
import { backoffDelay } from "../timing.ts";
import type { ListAnswer } from "../upstream.ts";
import { createListRetries, type ListRetries } from "./list-retries.ts";
import { LIST_CAPABILITY, readList } from "./read-list.ts";

export interface ListReaderDeps
  extends Pick<ReachDeps, "options" | "timing" | "log" | "now" | "random" | "intake" | "state"> {
  /** The session that lists are read over. */
  readonly session: PeerSession;
  /** A list was answered whole. */
  onAnswered(): void;
  /** It is time to read this list again. */
  onDue(kind: ListKind): void;
}

/** Reads the lists of one upstream that is reached, and has those read again that could not be. */
export class ListReader {
  readonly #deps: ListReaderDeps;
  readonly #retries: ListRetries;

  constructor(deps: ListReaderDeps) {
    const { timing, random, now, intake, state } = deps;
    this.#deps = deps;
    // In the end no more often than lists are read again anyway.
    const patience = { ...timing, backoffCapMs: timing.backoffCapMs * 10 };
    this.#retries = createListRetries({
      delay: (attempt) => backoffDelay(patience, attempt, random),
      now,
      later: (work, ms) => intake.later(work, ms),
      again: (kind) => deps.onDue(kind),
      trouble: (trouble) => state.trouble("lists", trouble),
    });
  }

  /** Reads one list, as `Upstream.list`. */
  async read(kind: ListKind): Promise<ListAnswer> {
    const { options, timing, log, state, session } = this.#deps;
    const capability = state.status().capabilities[LIST_CAPABILITY[kind]];
    if (!isObject(capability)) {
      this.#retries.read(kind, undefined);
      return { ok: true, items: [] };
    }
    const limits = {
      timeoutMs: options.timeoutMs,
      maxPages: timing.maxListPages,
      maxItems: timing.maxListItems,
      maxBytes: timing.maxListBytes,
    };
    const era = (): Era | undefined => state.status().era;
    const answer = await readList(kind, { upstream: options.name, session, era, log, ...limits });
    if (answer.ok && answer.missing === undefined) this.#deps.onAnswered();
    // One that is down has its lists read when it is back.
    const down = state.refusal() !== undefined;
    if (down) this.#retries.read(kind, undefined);
    else if (answer.ok) this.#retries.read(kind, answer.missing, "rest");
    else this.#retries.read(kind, answer.fault.detail);
    return answer;
  }

  close(): void {
    this.#retries.close();
  }
}
