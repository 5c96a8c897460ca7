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
  /**
   * Lets go of all that wait for people, at once, and of what runs after `runningMs` at the latest; nothing is held any
   * more. Resolves when the last one has gone. A second call may be shorter.
   */
  close(runningMs: number): Promise<void>;
  readonly count: number;
}

/** One hold: what ends the wait for people, and what ends the wait for a run, too. */
interface Hold {
  readonly letGo: Cancellation;
  readonly giveUp: Cancellation;
  readonly over: Promise<Held>;
}

export function createHolds(limits: EdgeLimits): Holds {
  const open = new Set<Hold>();
  const byPrincipal = new Map<string, number>();
  let closed = false;
  let graceMs = 0;

  const wait = async (
    call: Call,
    paused: PausedOutcome,
    ms: number,
    { letGo, giveUp }: Omit<Hold, "over">,
  ): Promise<Held> => {
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
      request = waited.request;
      if (letGo.cancelled) {
        // What runs already is a call in flight like any other: it gets the time that those get.
        const last = request.state === "executing" ? await paused.wait(graceMs, giveUp) : waited;
        return last.ended ? last : { ...last, timeUp: false };
      }
      if (left <= step) return { ...waited, timeUp: true };
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
      const ends = { letGo: new Cancellation(), giveUp: new Cancellation() };
      const stopHearing = call.cancellation.onCancel((reason) => {
        ends.giveUp.cancel(reason);
        ends.letGo.cancel(reason);
      });
      const hold: Hold = { ...ends, over: wait(call, paused, ms, ends) };
      open.add(hold);
      byPrincipal.set(owner, own + 1);
      try {
        return await hold.over;
      } finally {
        stopHearing();
        open.delete(hold);
        const left = (byPrincipal.get(owner) ?? 1) - 1;
        if (left === 0) byPrincipal.delete(owner);
        else byPrincipal.set(owner, left);
      }
    },
    async close(runningMs) {
      closed = true;
      graceMs = runningMs;
      const holds = [...open];
      for (const { letGo, giveUp } of holds) {
        if (runningMs === 0) giveUp.cancel("the gateway stops");
        letGo.cancel("the gateway stops");
      }
      await Promise.allSettled(holds.map(({ over }) => over));
    },
    get count() {
      return open.size;
    },
  };
}
