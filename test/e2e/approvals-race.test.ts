import { describe, expect, it } from "vitest";
import { runRace } from "../support/race.ts";

/*
 * `npx tsx test/e2e/approvals-race.ts --rounds 200` goes on for longer.
 */
describe("fifty clients with one call, and gateways that are killed around its approval", () => {
  it("have it run once at most, and one of them hears how it ended", async () => {
    const counts = await runRace({ rounds: 5, seed: 4 });
    const told = JSON.stringify(counts);
    expect(counts.approved, told).toBe(5);
    expect(counts.kills, told).toBeGreaterThanOrEqual(5);
    expect(counts.unapproved, told).toBe(0);
    for (const calls of Object.keys(counts.reached)) expect(Number(calls), told).toBeLessThanOrEqual(1);
    // A call that was carried out to its end was carried out; of all others nobody says so.
    for (const state of Object.keys(counts.states)) expect(["succeeded", "indeterminate"], told).toContain(state);
    expect(counts.reached[0] ?? 0, told).toBe(counts.indeterminateReached[0] ?? 0);
  }, 180_000);
});
