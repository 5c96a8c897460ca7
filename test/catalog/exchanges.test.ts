import { expect, it } from "vitest";
import { createCatalog } from "../../src/catalog/catalog.ts";
import type { ListAnswer, Upstream, UpstreamEvent, Upstreams } from "../../src/upstream/upstream.ts";
import { recordingLog } from "../support/recording-log.ts";

type Listed = Readonly<Record<string, readonly object[]>>;

const LISTS: Listed = {
  tools: [{ name: "a", inputSchema: { type: "object" } }],
  prompts: [{ name: "p" }],
  resources: [{ uri: "x:1", name: "r" }],
};
const RULES = { allow: ["*"], deny: [], annotations: {} };

/** A catalog of one server, whose entry is exchanged, and what clients are told of its lists. */
async function exchanging(firstListsMs = 60_000) {
  let current: Upstream | undefined;
  const listeners = new Set<(event: UpstreamEvent) => void>();
  const upstreams = {
    ...{ get: () => current, names: () => ["up"] },
    onEvent: (listener: (event: UpstreamEvent) => void) => {
      listeners.add(listener);
      return () => {};
    },
  } as unknown as Upstreams;
  const upstream = (lists: Listed, state = "ready") =>
    ({
      ...{ name: "up", place: "here", status: () => ({ state, capabilities: {} }), listsRead: () => {} },
      list: async (kind: string) => ({ ok: true, items: lists[kind] ?? [] }) as unknown as ListAnswer,
    }) as unknown as Upstream;
  const definitions = { replace: async () => [], async *currentOf() {} } as never;
  const timing = { announceMs: 1, firstListsMs };
  const catalog = createCatalog({ upstreams, definitions, timing, log: recordingLog(), now: Date.now });
  const told: string[] = [];
  catalog.onChange(({ list }) => told.push(list));
  const becomes = async (next: Upstream | undefined, ms = 20) => {
    current = next;
    catalog.apply(new Map(next === undefined ? [] : [["up", RULES]]));
    // What is collected is told a moment later.
    await new Promise((resolve) => setTimeout(resolve, ms));
    return told.splice(0).sort();
  };
  await becomes(upstream(LISTS));
  return { becomes, upstream };
}

it("a server that lists the same after a setting has changed gives clients nothing to read", async () => {
  const { becomes, upstream } = await exchanging();
  expect(await becomes(upstream(LISTS))).toEqual([]);
});

it.each<[string, Listed, readonly string[]]>([
  ["another tool", { ...LISTS, tools: [{ name: "b", inputSchema: { type: "object" } }] }, ["tools"]],
  ["a tool less", { ...LISTS, tools: [] }, ["tools"]],
  ["a template more", { ...LISTS, resourceTemplates: [{ uriTemplate: "x:{n}", name: "t" }] }, ["resources"]],
  ["nothing", {}, ["prompts", "resources", "tools"]],
])("one that lists %s then has clients told once of each kind of list that is another", async (_, lists, kinds) => {
  const { becomes, upstream } = await exchanging();
  expect(await becomes(upstream(lists))).toEqual(kinds);
});

it("one that is not read in time has clients told that its lists are gone, and that they are back", async () => {
  const { becomes, upstream } = await exchanging(50);
  expect(await becomes(upstream(LISTS, "connecting"), 150)).toEqual(["prompts", "resources", "tools"]);
  expect(await becomes(upstream(LISTS))).toEqual(["prompts", "resources", "tools"]);
});

it("so has one that is down, and one that is removed meanwhile", async () => {
  for (const last of ["down", undefined]) {
    const { becomes, upstream } = await exchanging();
    if (last === undefined) await becomes(upstream(LISTS, "connecting"), 0);
    expect(await becomes(last === undefined ? undefined : upstream(LISTS, last))).toEqual([
      "prompts",
      "resources",
      "tools",
    ]);
  }
});
