import type { Log } from "../core/log.ts";
import type { ListKind } from "../mcp/messages.ts";

/** Servers tell all sessions of one change, some a little later than others. */
const SAME_CHANGE_MS = 10_000;

/**
 * Notices a server whose lists change in a client's session alone: it says so there, and the list that everybody is shown, which
 * is read in the gateway's own session, is what it was. Logged once for each list, and kept.
 */
export interface SessionChanges {
  /** A client's session was told that the list changed. */
  told(kind: ListKind): void;
  /** A reading begins. `read` is called when it has ended, with whether the list is another one. */
  begin(kind: ListKind): { read(isOther: boolean): void };
  /** The lists of which that was noticed, for as long as the upstream's entry is what it was. */
  unseen(): readonly ListKind[];
}

export function createSessionChanges(
  upstream: string,
  log: Log,
  now: () => number = () => performance.now(),
): SessionChanges {
  const awaited = new Set<ListKind>();
  const unseen = new Set<ListKind>();
  const changedAt = new Map<ListKind, number>();
  return {
    told: (kind) => void awaited.add(kind),
    begin(kind) {
      const wasTold = awaited.delete(kind);
      return {
        read(isOther) {
          if (isOther) changedAt.set(kind, now());
          const at = changedAt.get(kind) ?? Number.NEGATIVE_INFINITY;
          if (!wasTold || unseen.has(kind) || now() - at < SAME_CHANGE_MS) return;
          unseen.add(kind);
          log.warn(
            { upstream, list: kind },
            "An upstream told a client's session that a list changed, and what the gateway reads of it did not. " +
              "If its lists depend on the session, it needs isolation: shared.",
          );
        },
      };
    },
    unseen: () => [...unseen],
  };
}
