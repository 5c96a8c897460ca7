import type { Call } from "../core/call.ts";
import { Cancellation } from "../core/cancellation.ts";
import type { PausedEnd, PausedOutcome, StepUpOutcome, StepUpWait, StillPaused } from "../core/outcome.ts";
import { personKey } from "../core/principal.ts";
import { approvalStatus } from "../gateway/approval-texts.ts";
import type { EdgeLimits } from "./options.ts";

/** What became of a paused call by the time that its client is to be answered. */
export type Held = PausedEnd | (StillPaused & { readonly timeUp: boolean });

/** The same of a call whose user has to sign in. */
export interface HeldSignIn {
  readonly wait: StepUpWait;
  readonly timeUp: boolean;
}

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
  /** Waits for the user of a call to sign in, in the same way. */
  holdSignIn(call: Call, stepUp: StepUpOutcome, ms: number): Promise<HeldSignIn>;
  /**
   * Lets go of all that wait for people, at once, and of what runs after `runningMs` at the latest; nothing is held any
   * more. Resolves when the last one has gone. A second call may be shorter.
   */
  close(runningMs: number): Promise<void>;
  readonly count: number;
}

/** What ends a wait for people, and what ends a wait for a run, too. */
interface Ends {
  readonly letGo: Cancellation;
  readonly giveUp: Cancellation;
}

interface Hold extends Ends {
  readonly over: Promise<unknown>;
}

export function createHolds(limits: EdgeLimits): Holds {
  const open = new Set<Hold>();
  const byPerson = new Map<string, number>();
  let closed = false;
  let graceMs = 0;

  const wait = async (call: Call, paused: PausedOutcome, ms: number, { letGo, giveUp }: Ends): Promise<Held> => {
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

  /** Keeps a place for a wait; `full` is what happens if there is none. */
  async function counted<T>(call: Call, full: () => Promise<T>, wait: (ends: Ends) => Promise<T>): Promise<T> {
    const owner = personKey(call.principal);
    const own = byPerson.get(owner) ?? 0;
    if (closed || open.size >= limits.maxHeld || own >= limits.maxHeldPerPerson) return full();
    const ends = { letGo: new Cancellation(), giveUp: new Cancellation() };
    const stopHearing = call.cancellation.onCancel((reason, by) => {
      ends.giveUp.cancel(reason, by);
      ends.letGo.cancel(reason, by);
    });
    const over = wait(ends);
    const hold: Hold = { ...ends, over };
    open.add(hold);
    byPerson.set(owner, own + 1);
    try {
      return await over;
    } finally {
      stopHearing();
      open.delete(hold);
      const left = (byPerson.get(owner) ?? 1) - 1;
      if (left === 0) byPerson.delete(owner);
      else byPerson.set(owner, left);
    }
  }

  return {
    hold: (call, paused, ms) =>
      counted<Held>(
        call,
        async () => {
          const now = await paused.wait(0, call.cancellation);
          return now.ended ? now : { ...now, timeUp: false };
        },
        (ends) => wait(call, paused, ms, ends),
      ),
    holdSignIn: (call, stepUp, ms) =>
      counted(
        call,
        async () => ({ wait: await stepUp.wait(0, call.cancellation), timeUp: false }),
        async ({ letGo }) => ({ wait: await stepUp.wait(ms, letGo), timeUp: !letGo.cancelled }),
      ),
    async close(runningMs) {
      closed = true;
      graceMs = runningMs;
      const holds = [...open];
      for (const { letGo, giveUp } of holds) {
        if (runningMs === 0) giveUp.cancel("the gateway stops", "GATEWAY_STOPPED");
        letGo.cancel("the gateway stops", "GATEWAY_STOPPED");
      }
      await Promise.allSettled(holds.map(({ over }) => over));
    },
    get count() {
      return open.size;
    },
  };
}
