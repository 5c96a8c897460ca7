import { expect, it } from "vitest";
import { createCatalog } from "../../src/catalog/catalog.ts";
import type { DefinitionChange, DefinitionReader, DefinitionStore } from "../../src/store/definitions/definitions.ts";
import { openStore, type Store } from "../../src/store/open-store.ts";
import type { ListAnswer, Upstream, Upstreams } from "../../src/upstream/upstream.ts";
import { recordingLog } from "../support/recording-log.ts";

const tool = (name: string, description = "") => ({ name, description, inputSchema: { type: "object" } });

const whole: ListAnswer = { ok: true, items: [tool("a"), tool("b"), tool("c")] };
const part: ListAnswer = { ok: true, items: [tool("a", "other")], missing: "HTTP 500." };

/** A store, and a gateway's catalog that is started on it again and again over one server. */
function restarting(definitionsOf: (store: Store) => DefinitionStore & Pick<DefinitionReader, "currentOf">) {
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
    const definitions = definitionsOf(store);
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
  return { store, start, listed };
}

it("a list of which only the first pages can be read after a restart leaves no tool gone", async () => {
  const { store, start, listed } = restarting(({ definitions }) => definitions);
  try {
    expect(await start(whole)).toEqual([]);
    expect(await start(part)).toEqual(["a changed"]);
    expect(await listed()).toEqual(["a", "b", "c"]);
    expect(await start({ ok: true, items: [tool("d")], missing: "HTTP 500." })).toEqual(["d new"]);
    expect(await listed()).toEqual(["a", "b", "c", "d"]);
    expect(await start({ ok: true, items: [tool("a", "other"), tool("d")] })).toEqual(["b gone", "c gone"]);
  } finally {
    await store.close();
  }
});

it("nor does one of which the others cannot be read from the store", async () => {
  let broken = false;
  const { store, start, listed } = restarting(({ definitions }) => ({
    replace: (...args) => definitions.replace(...args),
    async *currentOf(upstream) {
      for await (const page of definitions.currentOf(upstream)) {
        yield page.slice(0, broken ? 1 : page.length);
        if (broken) throw new Error("disk I/O error");
      }
    },
  }));
  try {
    await start(whole);
    broken = true;
    expect(await start(part)).toEqual([]);
    expect(await listed()).toEqual(["a", "b", "c"]);
    broken = false;
    expect(await start(part)).toEqual(["a changed"]);
    expect(await start(whole)).toEqual(["a changed"]);
  } finally {
    await store.close();
  }
});
