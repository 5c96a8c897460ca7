import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { doneWithin, withDeadline } from "../../src/core/deadline.ts";

const never = new Promise<string>(() => {});

describe("a deadline", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([
    ["done in time", Promise.resolve("done"), "done", true],
    ["late", never, "late", false],
  ])("says what came first: %s", async (_what, work, said, done) => {
    const waiting = Promise.all([withDeadline(10, work, () => "late"), doneWithin(10, work)]);
    await vi.advanceTimersByTimeAsync(10);
    expect(await waiting).toEqual([said, done]);
  });

  it("is kept where there is nothing to wait for", async () => {
    expect(await doneWithin(10, undefined)).toBe(true);
  });

  it("throws what the work threw in time, and what lateness throws", async () => {
    await expect(withDeadline(10, Promise.reject(new Error("broken")), () => "late")).rejects.toThrow("broken");
    const waiting = withDeadline(10, never, () => {
      throw new Error("late");
    });
    const thrown = expect(waiting).rejects.toThrow("late");
    await vi.advanceTimersByTimeAsync(10);
    await thrown;
  });

  it("leaves no timer behind, however the waiting ended", async () => {
    await withDeadline(10, Promise.resolve(), () => {});
    await withDeadline(10, Promise.reject(new Error("broken")), () => {}).catch(() => {});
    expect(vi.getTimerCount()).toBe(0);
    const late = doneWithin(10, never);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(10);
    await late;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets late work fail by itself", async () => {
    let fail: (error: Error) => void = () => {};
    const work = new Promise<string>((_, reject) => {
      fail = reject;
    });
    const waiting = doneWithin(10, work);
    await vi.advanceTimersByTimeAsync(10);
    expect(await waiting).toBe(false);
    // An unhandled rejection would fail this file.
    fail(new Error("too late"));
    await vi.advanceTimersByTimeAsync(0);
  });
});
