import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createCoalescer } from "../../src/catalog/coalescer.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const start = () => {
  const runs: string[][] = [];
  const pacer = createCoalescer<string>({ firstMs: 50, calmMs: 1_000, run: (keys) => runs.push([...keys]) });
  return { runs, pacer };
};

it("runs soon after the first request, once for all that came together", () => {
  const { runs, pacer } = start();
  for (const key of ["tools", "prompts", "tools"]) pacer.request(key);
  vi.advanceTimersByTime(49);
  expect(runs).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(runs).toEqual([["tools", "prompts"]]);
});

it("makes a storm wait for the calm to end, and leaves nothing of it out", () => {
  const { runs, pacer } = start();
  for (let ms = 0; ms < 3_000; ms += 10) {
    pacer.request(ms < 2_900 ? "tools" : "prompts");
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(10_000);
  expect(runs).toEqual([["tools"], ["tools"], ["tools"], ["tools", "prompts"]]);
});

it("is quick again after a calm in which nothing came", () => {
  const { runs, pacer } = start();
  pacer.request("tools");
  vi.advanceTimersByTime(1_050);
  pacer.request("tools");
  vi.advanceTimersByTime(50);
  expect(runs).toHaveLength(2);
});

it("runs no more once it is closed", () => {
  const { runs, pacer } = start();
  pacer.request("tools");
  pacer.close();
  vi.advanceTimersByTime(10_000);
  expect(runs).toEqual([]);
});
