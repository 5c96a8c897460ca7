import type { Approvals } from "../../approvals/approvals.ts";
import type { ApprovalRequest } from "../../core/approval.ts";
import { Cancellation } from "../../core/cancellation.ts";
import { withDeadline } from "../../core/deadline.ts";

/** Waits for requests to change. */
export interface RequestWatch {
  /** The request once its version is above `version`; `undefined` after `ms`, when cancelled, or if nobody can wait. */
  after(
    request: Pick<ApprovalRequest, "id" | "version">,
    ms: number,
    cancellation?: Cancellation,
  ): Promise<ApprovalRequest | undefined>;
}

interface Shared {
  readonly change: Promise<ApprovalRequest | undefined>;
  /** Ends the watch in the store: nobody waits any more. */
  readonly cancellation: Cancellation;
  waiters: number;
}

/** Longer than anybody waits: a watch ends when nobody is left. */
const WATCH_MS = 3_600_000;

/** Makes it: fifty who wait for one request cost one watch. */
export function createRequestWatch(approvals: Pick<Approvals, "waitForChange">): RequestWatch {
  const watches = new Map<string, Shared>();

  function join(id: string, version: number, key: string): Shared {
    const known = watches.get(key);
    if (known !== undefined) return known;
    const cancellation = new Cancellation();
    const change = approvals.waitForChange(id, version, WATCH_MS, cancellation).finally(() => {
      if (watches.get(key) === shared) watches.delete(key);
    });
    const shared: Shared = { change, cancellation, waiters: 0 };
    watches.set(key, shared);
    return shared;
  }

  return {
    async after({ id, version }, ms, cancellation) {
      const key = `${id}\n${version}`;
      const shared = join(id, version, key);
      shared.waiters += 1;
      let stopListening = (): void => {};
      const cancelled = new Promise<undefined>((resolve) => {
        stopListening = cancellation?.onCancel(() => resolve(undefined)) ?? stopListening;
      });
      try {
        const request = await withDeadline(ms, Promise.race([shared.change, cancelled]), () => undefined);
        return request !== undefined && request.version > version ? request : undefined;
      } finally {
        stopListening();
        shared.waiters -= 1;
        if (shared.waiters === 0) {
          // Before it is cancelled, so that nobody joins a watch that ends.
          if (watches.get(key) === shared) watches.delete(key);
          shared.cancellation.cancel("nobody waits any more");
        }
      }
    },
  };
}
