import { expect, it } from "vitest";
import { openEraMemory } from "../../src/main/compose/era-memory.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { EraMemory } from "../../src/upstream/era-memory.ts";
import { modernStdio } from "../support/modern-upstream.ts";
import { recordingLog } from "../support/recording-log.ts";
import { nodeUpstream, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

const LEGACY = `
  require("readline").createInterface({ input: process.stdin }).on("line", (text) => {
    const { id, method } = JSON.parse(text);
    if (id === undefined) return;
    console.error("asked " + method);
    const result = { protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name: "x", version: "1" } };
    const error = { code: -32601, message: "Method not found" };
    console.log(JSON.stringify({ jsonrpc: "2.0", id, ...(method === "initialize" ? { result } : { error }) }));
  });`;

it.each([
  ["nothing", undefined, ["-e", LEGACY], "legacy", ["asked server/discover", "asked initialize"]],
  ["what it is", "legacy", ["-e", LEGACY], "legacy", ["asked initialize"]],
  ["what it is no more", "modern", ["-e", LEGACY], "legacy", ["asked server/discover", "asked initialize"]],
  ["what it was before it was renewed", "legacy", modernStdio(), "modern", undefined],
] as const)("a program of which %s is remembered is started as often as needed", async (_, known, args, era, asked) => {
  const learned: string[] = [];
  const eras: EraMemory = { recall: () => known, learned: (name, _place, now) => learned.push(`${name} ${now}`) };
  const log = recordingLog();
  const upstreams = closing(startUpstreams([nodeUpstream("up", [...args])], { eras, log }));
  const up = await upstreamIn(upstreams, "up");
  expect(up.status()).toMatchObject({ era });
  expect(learned).toEqual([`up ${era}`]);
  if (asked === undefined) return;
  await upstreams.close();
  expect(log.lines.flatMap(({ fields }) => fields["stderr"] ?? [])).toEqual(asked);
});

it("what was learned is remembered for a week, of that definition only", async () => {
  let time = 1_000_000;
  const log = recordingLog();
  const store = openStore({ url: "file::memory:", log });
  const open = () => openEraMemory({ store: store.upstreamEras, log, now: () => time });
  const first = await open();
  first.learned("up", "a", "modern");
  first.learned("up", "a", "legacy");
  expect(first.recall("up", "a")).toBe("legacy");
  await expect.poll(async () => (await store.upstreamEras.all()).map(({ era }) => era)).toEqual(["legacy"]);
  const next = await open();
  expect(next.recall("up", "a")).toBe("legacy");
  expect(next.recall("up", "b")).toBeUndefined();
  expect(next.recall("other", "a")).toBeUndefined();
  time += 8 * 86_400_000;
  expect(next.recall("up", "a")).toBeUndefined();
  await store.close();
});
