import { expect, it } from "vitest";
import { createCatalog } from "../../src/catalog/catalog.ts";
import type { DefinitionChange } from "../../src/store/definitions/definitions.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { ListAnswer, Upstream, Upstreams } from "../../src/upstream/upstream.ts";
import { recordingLog } from "../support/recording-log.ts";

const tool = (name: string, description = "") => ({ name, description, inputSchema: { type: "object" } });

it("a list of which only the first pages can be read after a restart leaves no tool gone", async () => {
  const log = recordingLog();
  const store = openStore({ url: "file::memory:", log });
  const start = async (items: ListAnswer) => {
    const changes: DefinitionChange[] = [];
    const upstream = {
      name: "up",
      place: "here",
      status: () => ({ state: "ready", capabilities: {} }),
      list: async (kind: string): Promise<ListAnswer> => (kind === "tools" ? items : { ok: true, items: [] }),
      listsRead: () => {},
    } as unknown as Upstream;
    const upstreams = { get: () => upstream, names: () => ["up"], onEvent: () => () => {} } as unknown as Upstreams;
    const { definitions } = store;
    const onDefinitionChanges = (_upstream: string, found: readonly DefinitionChange[]) => void changes.push(...found);
    const catalog = createCatalog({ upstreams, definitions, onDefinitionChanges, log, now: Date.now });
    catalog.apply(new Map([["up", { allow: ["*"], deny: [], annotations: {} }]]));
    await catalog.settled(["up"]);
    // What was read in part is stored behind what is remembered.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await catalog.close();
    return changes.map(({ tool: name, kind }) => `${name} ${kind}`);
  };
  const listed = async () => (await store.definitions.current()).map((found) => found.tool).sort();
  const whole: ListAnswer = { ok: true, items: [tool("a"), tool("b"), tool("c")] };
  try {
    expect(await start(whole)).toEqual([]);
    expect(await start({ ok: true, items: [tool("a", "other")], missing: "HTTP 500." })).toEqual(["a changed"]);
    expect(await listed()).toEqual(["a", "b", "c"]);
    expect(await start({ ok: true, items: [tool("d")], missing: "HTTP 500." })).toEqual(["d new"]);
    expect(await listed()).toEqual(["a", "b", "c", "d"]);
    expect(await start({ ok: true, items: [tool("a", "other"), tool("d")] })).toEqual(["b gone", "c gone"]);
  } finally {
    await store.close();
  }
});
