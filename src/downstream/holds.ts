import type { Call } from "../core/call.ts";
import { Cancellation } from "../core/cancellation.ts";
import type { PausedEnd, PausedOutcome, StillPaused } from "../core/outcome.ts";
import { principalKey } from "../core/principal.ts";
import { approvalStatus } from "../gateway/approval-texts.ts";
import type { EdgeLimits } from "./options.ts";

/** What became of a paused call by the time that its client is to be answered. */
export type Held = PausedEnd | (StillPaused & { readonly timeUp: boolean });

/**
 * The calls whose connections are held open while people decide. They are counted, so that nobody can hold all there
 * are, and let go together when the edge stops. Letting go loses nothing: the request stays, and the call can come back.
 */
export interface Holds {
  /**
   * Waits for the end of a paused call for `ms`, until its client cancels or the edge stops; at once if too many wait.
   * `timeUp` of the answer: whether it was the time that ended the wait, and the client may come back for more.
   */
  hold(call: Call, paused: PausedOutcome, ms: number): Promise<Held>;
  /** Lets go of all, and holds nothing any more. Resolves when the last one has gone. */
  close(): Promise<void>;
  readonly count: number;
}

export function createHolds(limits: EdgeLimits): Holds {
  const open = new Map<Cancellation, Promise<unknown>>();
  const byPrincipal = new Map<string, number>();
  let closed = false;

  const wait = async (call: Call, paused: PausedOutcome, ms: number, letGo: Cancellation): Promise<Held> => {
    // A client that wants progress hears as often as a stream gets a comment, and first of all at once.
    const step = call.wantsProgress ? limits.keepAliveMs : ms;
    let request = paused.request;
    for (let told = 1, left = ms; ; told += 1, left -= step) {
      if (call.wantsProgress && ms > 0) {
        // Below zero, because the tool's own progress may follow under the same token and has to be more than this.
        const params = { progress: -1 / told, message: approvalStatus(request) };
        call.notify({ method: "notifications/progress", params });
      }
      const waited = await paused.wait(Math.min(left, step), letGo);
      if (waited.ended) return waited;
      if (letGo.cancelled || left <= step) return { ...waited, timeUp: !letGo.cancelled };
      request = waited.request;
    }
  };

  return {
    async hold(call, paused, ms) {
      const owner = principalKey(call.principal);
      const own = byPrincipal.get(owner) ?? 0;
      if (closed || open.size >= limits.maxHeld || own >= limits.maxHeldPerPrincipal) {
        const now = await paused.wait(0, call.cancellation);
        return now.ended ? now : { ...now, timeUp: false };
      }
      const letGo = new Cancellation();
      const stopHearing = call.cancellation.onCancel((reason) => letGo.cancel(reason));
      const waiting = wait(call, paused, ms, letGo);
      open.set(letGo, waiting);
      byPrincipal.set(owner, own + 1);
      try {
        return await waiting;
      } finally {
        stopHearing();
        open.delete(letGo);
        const left = (byPrincipal.get(owner) ?? 1) - 1;
        if (left === 0) byPrincipal.delete(owner);
        else byPrincipal.set(owner, left);
      }
    },
    async close() {
      closed = true;
      const waiting = [...open.values()];
      for (const letGo of [...open.keys()]) letGo.cancel("the gateway stops");
      await Promise.allSettled(waiting);
    },
    get count() {
      return open.size;
    },
  };
}
