import { describe, expect, it } from "vitest";
import { isUp, type Phase, type PhaseEvent, SHOWN_AS, TRANSITIONS } from "../../src/upstream/reaching/phases.ts";

const EVENTS: readonly PhaseEvent[] = ["reached", "lists_read", "lost", "taken_down", "stopped"];
const PHASES = Object.keys(TRANSITIONS) as readonly Phase[];

describe("the phases of an upstream", () => {
  it("are all left for good by being stopped, and for `down` by being taken down", () => {
    for (const phase of PHASES) {
      expect(TRANSITIONS[phase].stopped).toBe("closed");
      expect(TRANSITIONS[phase].taken_down).toBe(phase === "closed" ? "closed" : "down");
    }
    for (const event of EVENTS) expect(TRANSITIONS.closed[event]).toBe("closed");
  });

  it("are ready only where its lists were read while it is connected", () => {
    const ways = PHASES.flatMap((phase) => EVENTS.map((event) => ({ phase, event, to: TRANSITIONS[phase][event] })));
    const toReady = ways.filter(({ to }) => to === "ready").map(({ phase, event }) => `${phase} ${event}`);
    expect(toReady).toEqual(["reading lists_read", "ready lists_read"]);
  });

  it("show a lost connection only when it is given up", () => {
    for (const phase of PHASES) {
      const { lost } = TRANSITIONS[phase];
      if (phase !== "closed" && lost !== "closed") expect(SHOWN_AS[lost]).toBe(SHOWN_AS[phase]);
    }
  });

  it("are up while it is connected or was ready a moment ago", () => {
    expect(PHASES.filter(isUp)).toEqual(["reading", "ready", "reconnecting"]);
  });
});
