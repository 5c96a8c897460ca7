import { expect, it } from "vitest";
import { createDefinitionKeeper } from "../../src/catalog/definitions/definition-keeper.ts";
import { readTool, type ToolEntry } from "../../src/catalog/entries.ts";
import { repairItem } from "../../src/catalog/repair.ts";
import type { DefinitionStore } from "../../src/store/definitions/definitions.ts";
import { ALL_TOOLS } from "../support/all-tools.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";

function tools(...names: readonly string[]): readonly ToolEntry[] {
  return names.flatMap((name) => {
    const reading = readTool(
      { name: "crm", place: "" },
      repairItem("tools", { name, inputSchema: { type: "object" } }),
      ALL_TOOLS,
    );
    return reading.ok ? [reading.entry] : [];
  });
}

function keeperOn(definitions: DefinitionStore) {
  const log = keepingLog();
  const heard: (readonly [upstream: string, changes: string])[] = [];
  const onChanges: Parameters<typeof createDefinitionKeeper>[0]["onChanges"] = (upstream, changes) =>
    void heard.push([upstream, changes.map(({ tool, kind }) => `${tool} ${kind}`).join(", ")]);
  return {
    log,
    heard,
    keeper: createDefinitionKeeper({ definitions, log, onChanges, onSpent: () => {}, now: () => 1_000 }),
  };
}

it("stores what an upstream lists, and of several changes in a row the last", async () => {
  const { definitions } = openTestStore(`${temporaryDir()}/portcullis.db`);
  const written: string[] = [];
  const { keeper, heard } = keeperOn({
    replace(upstream, listed, at) {
      written.push(listed.map(({ name }) => name).join(" "));
      return definitions.replace(upstream, listed, at);
    },
  });
  for (const names of [["a"], ["a", "b"], ["b", "c"]]) keeper.keep("crm", tools(...names));
  await keeper.settled();
  expect(written).toEqual(["a", "b c"]);
  expect(heard).toEqual([["crm", "b new, c new, a gone"]]);
  expect((await definitions.current()).map(({ upstream, tool }) => `${upstream}/${tool}`)).toEqual(["crm/b", "crm/c"]);
});

it("says when it cannot, and goes on", async () => {
  const store = openTestStore(`${temporaryDir()}/portcullis.db`);
  let broken = true;
  const { keeper, log } = keeperOn({
    async replace(upstream, listed, at) {
      if (broken) throw new Error("The disk is full.");
      return store.definitions.replace(upstream, listed, at);
    },
  });
  keeper.keep("crm", tools("a"));
  await keeper.settled();
  expect(log.lines).toMatchObject([{ level: "error", fields: { upstream: "crm" } }]);
  broken = false;
  keeper.keep("crm", tools("a", "b"));
  await keeper.settled();
  expect((await store.definitions.current()).map(({ tool }) => tool)).toEqual(["a", "b"]);
});
