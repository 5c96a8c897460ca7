import { expect, it } from "vitest";
import { createReadingPace } from "../../src/catalog/reading-pace.ts";
import { compileToolRules } from "../../src/catalog/tool-rules.ts";
import { createUpstreamReader } from "../../src/catalog/upstream-reader.ts";
import type { Json } from "../../src/core/json.ts";
import { LIST_KINDS, type ListKind } from "../../src/mcp/messages.ts";
import type { ListAnswer, Upstream } from "../../src/upstream/upstream.ts";
import { recordingLog } from "../support/recording-log.ts";

const inputSchema = { type: "object" };
const NAMED_BY: Readonly<Record<ListKind, string>> = {
  tools: "name",
  prompts: "name",
  resources: "uri",
  resourceTemplates: "uriTemplate",
};

function reading(rules = { allow: ["*"], deny: ["hidden"], annotations: {} }) {
  const listed = new Map<ListKind, readonly Json[]>();
  const changed: ListKind[] = [];
  const upstream = {
    name: "up",
    list: async (kind: ListKind): Promise<ListAnswer> => ({ ok: true, items: listed.get(kind) ?? [] }),
  } as unknown as Upstream;
  const reader = createUpstreamReader({
    upstream,
    log: recordingLog(),
    rules: compileToolRules(rules),
    pace: createReadingPace({ calmMs: 0, now: () => performance.now() }),
    onChange: (kind) => void changed.push(kind),
    onTtl: () => {},
    onTools: () => {},
    onUris: () => {},
  });
  const read = async (kind: ListKind, ...items: readonly Json[]) => {
    listed.set(kind, items);
    changed.length = 0;
    await reader.refresh([kind]);
    return reader.lists().faults?.get(kind);
  };
  return { read, reader, changed };
}

const item = (kind: ListKind, key: string) => ({
  ...(kind === "tools" ? { inputSchema } : { name: key }),
  [NAMED_BY[kind]]: key,
});

it.each(LIST_KINDS)(
  "what was left out of a list of %s is told with its reason until the list is good",
  async (kind) => {
    const { read, reader } = reading();
    const field = NAMED_BY[kind];
    const faults = await read(
      kind,
      item(kind, "a:good"),
      null,
      7,
      ["a"],
      { ...item(kind, "b"), [field]: 5 },
      { ...item(kind, "c"), [field]: "" },
      item(kind, "x".repeat(10_000)),
      { ...item(kind, "a:good"), title: "again" },
    );
    expect(reader.lists()[kind]).toHaveLength(1);
    expect(faults?.count).toBe(7);
    expect(faults?.items.map(({ leftOut, why }) => [leftOut, why])).toEqual([
      [true, "it is no object"],
      [true, "it is no object"],
      [true, "it is no object"],
      [true, expect.stringMatching(/^it has no /)],
      [true, expect.stringMatching(/^it has no /)],
      [true, expect.stringMatching(/has more than [\d,]+ characters$/)],
      [true, expect.stringMatching(/^one before it has the same /)],
    ]);
    expect(faults?.items.at(-1)?.name).toBe("a:good");
    expect(faults?.items.at(-2)?.name.length).toBeLessThan(200);
    expect(await read(kind, item(kind, "a:good"))).toBeUndefined();
  },
);

it.each(LIST_KINDS)("what was repaired in a list of %s is told until it comes as it is shown", async (kind) => {
  const { read, reader, changed } = reading();
  const good = item(kind, "a:good");
  expect(await read(kind, { ...good, description: null, icons: 5 })).toEqual({
    count: 1,
    items: [{ name: "a:good", leftOut: false, why: "description, icons" }],
  });
  // Nothing else about it changes, and no client is told to read it again.
  expect(await read(kind, good)).toBeUndefined();
  expect(changed).toEqual([]);
  if (kind === "tools") expect(reader.lists().tools[0]?.repairs).toEqual([]);
  expect(await read(kind, good, null)).toMatchObject({ count: 1 });
});

it("faults of a list are so many, and those of tools that the operator hides are none", async () => {
  const { read, reader } = reading();
  const faults = await read("prompts", ...Array.from({ length: 5_000 }, () => null));
  expect(faults?.count).toBe(5_000);
  expect(faults?.items.length).toBeLessThanOrEqual(20);
  expect(await read("tools", { name: "hidden" }, { name: "shown" })).toMatchObject({
    count: 1,
    items: [{ name: "shown" }],
  });
  reader.rule(compileToolRules({ allow: ["*"], deny: ["shown"], annotations: {} }));
  expect(reader.lists().faults?.get("tools")).toMatchObject({ count: 1, items: [{ name: "hidden" }] });
});
