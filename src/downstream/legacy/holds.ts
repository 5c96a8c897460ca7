import type { PausedOutcome } from "../../core/outcome.ts";
import { pendingAnswer } from "../render-common.ts";
import type { OpenCall } from "./incoming.ts";
import { renderLegacy, renderLegacyOwn } from "./render.ts";

/** The response to a paused call, and what to do once it has reached the client. */
export interface LegacyAnswer {
  readonly message: Buffer;
  readonly delivered: (() => void) | undefined;
}

/**
 * Holds a call while people decide, for as long as the operator lets it, or as the client itself asked for: this era has
 * no way to be told later. Then the client hears what it waits for, and comes back for the end.
 */
export async function holdLegacy({ edge, id, call, holdMs }: OpenCall, paused: PausedOutcome): Promise<LegacyAnswer> {
  const held = await edge.holds.hold(call, paused, paused.pollMs ?? holdMs());
  return held.ended
    ? { message: renderLegacy(edge, id, call, held.outcome), delivered: () => held.delivered() }
    : { message: renderLegacyOwn(id, pendingAnswer(call, held, paused.link)), delivered: undefined };
}
