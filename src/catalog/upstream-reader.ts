import { Slices } from "../core/slices.ts";
import type { ListKind } from "../mcp/messages.ts";
import type { ReadingPace } from "./reading-pace.ts";
import { createSessionChanges } from "./session-changes.ts";
import type { CompiledToolRules } from "./tool-rules.ts";
import { createKnownLists, type UpstreamLists, type UpstreamListsDeps } from "./upstream-lists.ts";

/** Parsing a list costs about what it takes to work through it. */
const WITH_PARSING = 2;

/**
 * Keeps the lists of one upstream. Readings of one list never overlap: a refresh asked for during a reading runs once
 * after it. A failed reading keeps what was known; one that failed after the first pages, and nothing was known, has these.
 */
export interface UpstreamReader {
  lists(): UpstreamLists;
  /** A text that is equal for lists that are shown alike. */
  shape(kind: ListKind): string;
  /** Whether its tools were ever read, all of them. */
  knowsTools(): boolean;
  /**
   * Reads these lists again in the background; `onChange` hears which really changed. Resolves to whether all of them were
   * read by a request that was made after this was called.
   */
  refresh(kinds: readonly ListKind[]): Promise<boolean>;
  /** A client's session with it was told that this list changed. */
  toldInSession(kind: ListKind): void;
  /** The lists that have changed in a client's session alone. */
  unseen(): readonly ListKind[];
  /** Other rules hold from now on, without another reading. */
  rule(rules: CompiledToolRules): void;
}

/** Makes the reader of one upstream. */
export function createUpstreamReader(
  deps: UpstreamListsDeps & {
    /** When its lists may be read. Every reading goes by it, whoever asked. */
    readonly pace: ReadingPace;
  },
): UpstreamReader {
  const { upstream, log, pace } = deps;
  const known = createKnownLists(deps);
  const sessionChanges = createSessionChanges(upstream.name, log);
  const running = new Map<ListKind, { again: boolean; done: Promise<boolean> }>();

  const readOnce = async (kind: ListKind): Promise<boolean> => {
    const reading = sessionChanges.begin(kind);
    const before = known.digests(kind);
    const answer = await upstream.list(kind);
    if (!answer.ok) {
      const { code, detail } = answer.fault;
      log.warn({ upstream: upstream.name, list: kind, code, detail }, "list not read");
      // A server that does not answer is no trouble to read.
      pace.ended(kind, code === "UPSTREAM_INVALID" || code === "UPSTREAM_TOO_LARGE");
      return false;
    }
    const { missing } = answer;
    if (missing !== undefined) {
      log.warn({ upstream: upstream.name, list: kind, detail: missing }, "rest of a list not read");
      // Of what was read whole before, more is known than was read now.
      if (known.isWhole(kind)) {
        pace.ended(kind, true);
        return false;
      }
    }
    const slices = new Slices();
    try {
      const changed = await known.take(kind, answer.items, missing === undefined, slices);
      known.takeTtl(kind, answer.ttlMs);
      reading.read(known.digests(kind) !== before);
      pace.ended(kind, changed || missing !== undefined);
    } finally {
      pace.spent(slices.spent * WITH_PARSING);
    }
    return missing === undefined;
  };

  const refreshOne = (kind: ListKind): Promise<boolean> => {
    const current = running.get(kind);
    if (current !== undefined) {
      current.again = true;
      return current.done;
    }
    const state = { again: false, done: Promise.resolve(false) };
    const run = async (): Promise<boolean> => {
      let read: boolean;
      do {
        for (let ms = pace.waitMs(kind); ms > 0; ms = pace.waitMs(kind)) await rest(ms);
        state.again = false;
        read = await readOnce(kind).catch((err: unknown) => {
          // A fault of ours at what this upstream lists: what was known of it stays, and it concerns nobody else.
          log.error({ upstream: upstream.name, list: kind, err }, "Reading a list failed.");
          pace.ended(kind, true);
          return false;
        });
      } while (state.again);
      running.delete(kind);
      return read;
    };
    running.set(kind, state);
    state.done = run();
    return state.done;
  };

  return {
    lists: known.lists,
    shape(kind) {
      if (kind !== "tools") return known.digests(kind) ?? "";
      const { tools } = known.lists();
      return tools.map(({ digest }) => digest).join("\n");
    },
    knowsTools: () => known.isWhole("tools"),
    refresh: async (kinds) => {
      const read = await Promise.all(kinds.map(refreshOne));
      return read.every((each) => each);
    },
    toldInSession: (kind) => sessionChanges.told(kind),
    unseen: sessionChanges.unseen,
    rule: known.rule,
  };
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
