import { doneWithin } from "../core/deadline.ts";
import type { CatalogMember } from "./member.ts";

/** The upstreams that make their first start: whoever asks for lists meanwhile waits for them. */
export interface FirstStarts {
  began(name: string, member: Pick<CatalogMember, "settled">): void;
  /** It was read for the first time, found down, or has left. */
  ended(name: string, member: Pick<CatalogMember, "settled">): void;
  /** As `Catalog.firstLists`. */
  waitFor(names: readonly string[]): Promise<unknown> | undefined;
}

interface FirstStart {
  readonly member: Pick<CatalogMember, "settled">;
  /** What those wait for who ask; `undefined`: nobody has asked yet. */
  wait: Promise<void> | undefined;
}

/**
 * Makes it. Each upstream is waited for `waitMs`, counted from the first who waits for it, so that one that hangs delays
 * nobody for longer, and nobody twice.
 */
export function createFirstStarts(waitMs: number): FirstStarts {
  const starting = new Map<string, FirstStart>();
  const ended: FirstStarts["ended"] = (name, member) => {
    if (starting.get(name)?.member === member) starting.delete(name);
  };
  return {
    began: (name, member) => void starting.set(name, { member, wait: undefined }),
    ended,
    waitFor(names) {
      if (starting.size === 0) return undefined;
      const waits = names.flatMap((name) => {
        const start = starting.get(name);
        if (start === undefined) return [];
        const { member } = start;
        start.wait ??= doneWithin(waitMs, member.settled).then(() => ended(name, member));
        return [start.wait];
      });
      return waits.length === 0 ? undefined : Promise.all(waits);
    },
  };
}
