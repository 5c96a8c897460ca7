import { describe, expect, it } from "vitest";
import { callInThread } from "../../src/core/in-thread.ts";
import { add, fail, HERE, hang } from "../support/thread-work.ts";

const maxMs = 60_000;

describe("a function that is called in a thread", () => {
  it("gives its answer", async () => {
    expect(await callInThread(HERE, add, [1, 2], { maxMs })).toEqual({ ok: true, value: { sum: 3 } });
  });

  it("fails without the text of its error, which may quote what it read", async () => {
    expect(await callInThread(HERE, fail, ["a secret"], { maxMs })).toEqual({
      ok: false,
      reason: "it failed (TypeError)",
    });
  });

  it("is given up after its time, and later calls go on", async () => {
    const memory = new SharedArrayBuffer(4);
    expect(await callInThread(HERE, hang, [memory], { maxMs: 50 })).toEqual({
      ok: false,
      reason: "it takes longer than 0.05 s",
    });
    expect(await callInThread(HERE, add, [1, 2], { maxMs })).toMatchObject({ ok: true });
    Atomics.notify(new Int32Array(memory), 0);
  });

  it("is stopped by whoever wants it no more", async () => {
    const stop = new AbortController();
    const answer = callInThread(HERE, hang, [new SharedArrayBuffer(4)], { maxMs, signal: stop.signal });
    stop.abort();
    expect(await answer).toEqual({ ok: false, reason: "it was stopped" });
    expect(await callInThread(HERE, add, [1, 2], { maxMs, signal: stop.signal })).toMatchObject({ ok: false });
  });
});
