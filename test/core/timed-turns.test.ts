import { describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import { TimedTurns } from "../../src/core/timed-turns.ts";

const terms = (holder: string, timeoutMs = 60_000, cancellation = new Cancellation()) => ({
  holder,
  timeoutMs,
  cancellation,
});
const untilStopped = (signal: AbortSignal) =>
  new Promise<string>((resolve) => signal.addEventListener("abort", () => resolve("stopped")));

/** Work that goes on until it is told to end, however often it is stopped. */
function stubborn() {
  let end = (_: string): void => {};
  const work = () => new Promise<string>((resolve) => (end = resolve));
  return { work, end: () => end("at last") };
}

describe("work in turns", () => {
  it("is done, and gives its place back, also where it fails", async () => {
    const turns = new TimedTurns({ places: 2, waitingOfOne: 1, waiting: 1 });
    const fails = turns.run(terms("ann"), () => Promise.reject(new Error("no")));
    await expect(fails).rejects.toThrow("no");
    expect(await turns.run(terms("ann"), async () => 1)).toEqual({ kind: "done", value: 1 });
  });

  it("ends at its deadline, the wait for its turn included, and with its request", async () => {
    const turns = new TimedTurns({ places: 1, waitingOfOne: 5, waiting: 5 });
    const first = new Cancellation();
    const running = turns.run(terms("ann", 60_000, first), untilStopped);
    expect(await turns.run(terms("ann", 20), async () => 1)).toEqual({ kind: "late" });
    const second = new Cancellation();
    const waiting = turns.run(terms("bob", 60_000, second), async () => 1);
    second.cancel("gone");
    expect(await waiting).toEqual({ kind: "given_up" });
    first.cancel("gone");
    expect(await running).toEqual({ kind: "given_up" });
    expect(await turns.run(terms("ann", 60_000, first), async () => 1)).toEqual({ kind: "given_up" });
  });

  it("waits within the bounds of one person, and of all", async () => {
    const turns = new TimedTurns({ places: 1, waitingOfOne: 2, waiting: 3 });
    const stop = new Cancellation();
    const run = (holder: string) => turns.run(terms(holder, 60_000, stop), untilStopped);
    const kept = [run("ann"), run("ann"), run("ann"), run("bob")];
    expect(await run("ann")).toEqual({ kind: "full" });
    expect(await run("cat")).toEqual({ kind: "full" });
    stop.cancel("over");
    expect(await Promise.all(kept)).toEqual(kept.map(() => ({ kind: "given_up" })));
  });

  it("keeps its place until it has really ended", async () => {
    const turns = new TimedTurns({ places: 1, waitingOfOne: 1, waiting: 1 });
    const slow = stubborn();
    expect(await turns.run(terms("ann", 20), slow.work)).toEqual({ kind: "late" });
    const next = turns.run(terms("ann"), async () => 2);
    expect(await Promise.race([next, new Promise((resolve) => setImmediate(() => resolve("waits")))])).toBe("waits");
    slow.end();
    expect(await next).toEqual({ kind: "done", value: 2 });
  });
});
