import type { Json, JsonObject } from "../../src/core/json.ts";
import type { ListKind } from "../../src/mcp/messages.ts";

const input = { type: "object" };
const WRONG: readonly Json[] = [null, 7, "x", true, [], {}, [null], ["x"], [7], { a: null }, [{ src: 7 }]];

/** Members that a kind has, and one item of it that is right. */
const KINDS: Readonly<Record<ListKind, readonly [right: JsonObject, members: readonly string[]]>> = {
  tools: [
    { name: "t", inputSchema: input },
    ["title", "description", "inputSchema", "outputSchema", "annotations", "execution", "icons", "_meta"],
  ],
  prompts: [{ name: "p" }, ["title", "description", "arguments", "icons", "_meta"]],
  resources: [
    { uri: "a://b", name: "r" },
    ["name", "title", "description", "mimeType", "size", "annotations", "icons", "_meta"],
  ],
  resourceTemplates: [
    { uriTemplate: "a://{b}", name: "r" },
    ["name", "title", "description", "mimeType", "annotations", "icons", "_meta"],
  ],
};

const inner: Readonly<Record<string, readonly string[]>> = {
  inputSchema: ["type", "properties", "required"],
  outputSchema: ["properties", "required"],
  execution: ["taskSupport"],
};
const INNER_OF_ANNOTATIONS: Readonly<Record<ListKind, readonly string[]>> = {
  tools: ["title", "readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"],
  prompts: [],
  resources: ["audience", "priority", "lastModified"],
  resourceTemplates: ["audience", "priority", "lastModified"],
};

/** One right item of each kind. */
export const RIGHT_ITEMS: Readonly<Record<ListKind, JsonObject>> = {
  tools: KINDS.tools[0],
  prompts: KINDS.prompts[0],
  resources: KINDS.resources[0],
  resourceTemplates: KINDS.resourceTemplates[0],
};

/** Every member of every kind with every wrong value, and every member within those. */
export const ODD_ITEMS = (Object.keys(KINDS) as ListKind[]).flatMap((kind) => {
  const [right, members] = KINDS[kind];
  return members.flatMap((member) => {
    const within = member === "annotations" ? INNER_OF_ANNOTATIONS[kind] : (inner[member] ?? []);
    const held = member === "inputSchema" || member === "outputSchema" ? input : {};
    return WRONG.flatMap((wrong) => [
      { kind, member, item: { ...right, [member]: wrong } },
      ...within.map((name) => ({ kind, member, item: { ...right, [member]: { ...held, [name]: wrong } } })),
    ]);
  });
});
