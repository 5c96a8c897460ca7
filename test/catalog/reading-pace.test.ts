import { describe, expect, it } from "vitest";
import { createReadingPace } from "../../src/catalog/reading-pace.ts";
import { createUpstreamReader } from "../../src/catalog/upstream-reader.ts";
import type { Upstream } from "../../src/upstream/upstream.ts";
import { ALL_TOOLS } from "../support/all-tools.ts";
import { recordingLog } from "../support/recording-log.ts";

const HOUR = 3_600_000;

/** Reads as often as it may for an hour, each reading with this work and this outcome. */
function hour(cost: number, restless: (reading: number) => boolean) {
  let now = 0;
  const pace = createReadingPace({ calmMs: 1_000, now: () => now });
  const at: number[] = [];
  for (;;) {
    now += pace.waitMs("tools");
    if (now > HOUR) return at;
    at.push(now);
    now += cost;
    pace.spent(cost);
    pace.ended("tools", restless(at.length));
  }
}

describe("readings of one server's lists", () => {
  it.each([1, 20, 200, 800, 20_000])("that cost %d ms each take a twentieth of the time at most", (cost) => {
    for (const restless of [() => true, () => false, (reading: number) => reading % 2 === 0]) {
      const readings = hour(cost, restless);
      expect(readings.length * cost).toBeLessThanOrEqual(HOUR / 20 + 200 + cost);
    }
  });

  it("that find something new each time wait longer and longer", () => {
    const at = hour(0, () => true);
    expect(at.slice(0, 6)).toEqual([0, 0, 1_000, 3_000, 7_000, 15_000]);
    expect(at.length).toBeLessThan(70);
  });

  it("do not wait for those of another list, unless for their cost", () => {
    const pace = createReadingPace({ calmMs: 1_000, now: () => 0 });
    for (let reading = 0; reading < 9; reading++) pace.ended("tools", true);
    expect(pace.waitMs("tools")).toBe(60_000);
    expect(pace.waitMs("prompts")).toBe(0);
    pace.spent(1_200);
    expect(pace.waitMs("prompts")).toBe(20_000);
  });

  it("wait whoever asks, and are made once for all who asked", async () => {
    let listed = 0;
    const list = async () => ({
      ok: true as const,
      items: [{ name: `t${++listed}`, inputSchema: { type: "object" } }],
    });
    const waits = [0, 5, 5, 0];
    const ended: boolean[] = [];
    const reader = createUpstreamReader({
      upstream: { name: "up", list } as unknown as Upstream,
      log: recordingLog(),
      rules: ALL_TOOLS,
      pace: { waitMs: () => waits.shift() ?? 0, spent: () => {}, ended: (_kind, restless) => ended.push(restless) },
      onChange: () => {},
      onTtl: () => {},
      onTools: () => {},
      onUris: () => {},
    });
    expect(await reader.refresh(["tools"])).toBe(true);
    const all = [reader.refresh(["tools"]), reader.refresh(["tools"]), reader.refresh(["tools"])];
    expect(listed).toBe(1);
    expect(await Promise.all(all)).toEqual([true, true, true]);
    expect(listed).toBe(2);
    expect(reader.lists().tools.map(({ name }) => name)).toEqual(["t2"]);
    expect(ended).toEqual([false, true]);
  });

  it("have the first pages where no more was ever read, and keep what was read whole", async () => {
    const tool = (name: string) => ({ name, inputSchema: { type: "object" } });
    const answers = [
      { items: [tool("a")], missing: "HTTP 500." },
      { items: [tool("a")], missing: "HTTP 500." },
      { items: [tool("a"), tool("b")] },
      { items: [tool("a")], missing: "HTTP 500." },
      { items: [tool("b")] },
    ];
    const list = async () => ({ ok: true as const, items: [], ...answers.shift() });
    const kept: (readonly [string, boolean])[] = [];
    const reader = createUpstreamReader({
      upstream: { name: "up", list } as unknown as Upstream,
      log: recordingLog(),
      rules: ALL_TOOLS,
      pace: { waitMs: () => 0, spent: () => {}, ended: () => 0 },
      onChange: () => {},
      onTtl: () => {},
      onTools: (tools, whole) => void kept.push([tools.map(({ name }) => name).join(), whole]),
      onUris: () => {},
    });
    const seen: (readonly [read: boolean, knows: boolean, tools: string])[] = [];
    for (let reading = 0; reading < 5; reading++) {
      const read = await reader.refresh(["tools"]);
      const names = reader.lists().tools.map(({ name }) => name);
      seen.push([read, reader.knowsTools(), names.join()]);
    }
    expect(seen).toEqual([
      [false, false, "a"],
      [false, false, "a"],
      [true, true, "a,b"],
      [false, true, "a,b"],
      [true, true, "b"],
    ]);
    expect(kept).toEqual([
      ["a", false],
      ["a,b", true],
      ["b", true],
    ]);
  });

  it("take over how long a list may be kept, also where nothing else of it is new", async () => {
    const said = [5_000, 5_000, 0, undefined];
    const list = async () => ({ ok: true as const, items: [], ttlMs: said.shift() });
    const heard: (number | undefined)[] = [];
    const reader = createUpstreamReader({
      upstream: { name: "up", list } as unknown as Upstream,
      log: recordingLog(),
      rules: ALL_TOOLS,
      pace: { waitMs: () => 0, spent: () => {}, ended: () => 0 },
      onChange: () => {},
      onTtl: () => void heard.push(reader.lists().ttlMs?.prompts),
      onTools: () => {},
      onUris: () => {},
    });
    for (let reading = 0; reading < 4; reading++) await reader.refresh(["prompts"]);
    expect(heard).toEqual([5_000, 0, undefined]);
  });
});
