import type { UpstreamStatus } from "../upstream.ts";

/** Where the gateway stands with one upstream. */
export type Phase =
  /** Not reached since the start, or since it was down: calls wait for the attempt that is under way. */
  | "connecting"
  /** Connected; its lists are not read yet. */
  | "reading"
  | "ready"
  /** Was ready, and its connection ended: it is being opened again, and calls wait for that. */
  | "reconnecting"
  /** The breaker is open: calls are refused at once. It is tried again now and then, unless it is skipped. */
  | "down"
  /** No longer registered. */
  | "closed";

/** What changes the phase. `lost`: an attempt failed, or the connection ended. */
export type PhaseEvent = "reached" | "lists_read" | "lost" | "taken_down" | "stopped";

/** The phase after each event in each phase. */
export const TRANSITIONS: { readonly [from in Phase]: { readonly [event in PhaseEvent]: Phase } } = {
  connecting: row("reading", "connecting", "connecting", "down"),
  reading: row("reading", "ready", "connecting", "down"),
  ready: row("reading", "ready", "reconnecting", "down"),
  reconnecting: row("reading", "reconnecting", "reconnecting", "down"),
  down: row("reading", "down", "down", "down"),
  closed: row("closed", "closed", "closed", "closed"),
};

/** What each phase is called in the state that operators see; a closed one stays what it was. */
export const SHOWN_AS: { readonly [phase in Exclude<Phase, "closed">]: UpstreamStatus["state"] } = {
  connecting: "connecting",
  reading: "connecting",
  ready: "ready",
  reconnecting: "ready",
  down: "down",
};

/** Whether an upstream in this phase is thought to accept connections. */
export function isUp(phase: Phase): boolean {
  return phase === "reading" || phase === "ready" || phase === "reconnecting";
}

function row(reached: Phase, lists_read: Phase, lost: Phase, taken_down: Phase) {
  return { reached, lists_read, lost, taken_down, stopped: "closed" } as const;
}
