import { ExactNumber } from "../../src/core/exact-number.ts";
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

const exact = (text: string): ExactNumber => new ExactNumber(text);
const BEYOND = exact("1e400");
/** Half of a character, as it stands at the end of a text that was cut. */
const HALF = "\ud83d";
const ODD_SIZES: readonly Json[] = [1.5, exact("1.0"), exact("1E5"), exact("123456789012345678901234567890")];
const ODD_MOMENTS = [
  "2024-01-01",
  "2024-01-01T00:00Z",
  "2024-01-01T00:00:00",
  "2024-13-01T00:00:00Z",
  "2023-02-29T00:00:00Z",
  "2024-01-01T24:00:00Z",
  "2024-01-01T00:61:00Z",
  "2024-01-01T00:00:00+99:00",
];

/** Of a right type, and yet no reading of some client's: members of every kind, and those of one. */
const HARD: ReadonlyArray<readonly [member: string, value: Json]> = [
  ["description", `cut ${HALF}`],
  ["_meta", { [HALF]: 1, [`b${HALF}`]: 2 }],
  ["_meta", { n: BEYOND, list: [1, exact(`-${"9".repeat(5_000)}`)] }],
];
const HARD_OF: Readonly<Record<ListKind, ReadonlyArray<readonly [member: string, value: Json]>>> = {
  tools: [
    ["inputSchema", { ...input, $schema: 7 }],
    ["outputSchema", { ...input, $schema: [] }],
    ["inputSchema", { ...input, properties: { a: { default: BEYOND, enum: [1, BEYOND] }, [HALF]: {} } }],
    ["annotations", { title: HALF }],
  ],
  prompts: [["arguments", [{ name: "a", description: `cut ${HALF}` }]]],
  resources: [
    ...ODD_SIZES.map((size) => ["size", size] as const),
    ...ODD_MOMENTS.map((lastModified) => ["annotations", { lastModified }] as const),
    ["name", `cut ${HALF}`],
  ],
  resourceTemplates: ODD_MOMENTS.map((lastModified) => ["annotations", { lastModified }] as const),
};

/** One right item of each kind. */
export const RIGHT_ITEMS: Readonly<Record<ListKind, JsonObject>> = {
  tools: KINDS.tools[0],
  prompts: KINDS.prompts[0],
  resources: KINDS.resources[0],
  resourceTemplates: KINDS.resourceTemplates[0],
};

/** Every member of every kind with every wrong value, and every member within those; then what only some clients do not read. */
export const ODD_ITEMS = (Object.keys(KINDS) as ListKind[]).flatMap((kind) => {
  const [right, members] = KINDS[kind];
  const hard = [...HARD, ...HARD_OF[kind]].map(([member, value]) => ({
    kind,
    member,
    item: { ...right, [member]: value },
  }));
  const wrong = members.flatMap((member) => {
    const within = member === "annotations" ? INNER_OF_ANNOTATIONS[kind] : (inner[member] ?? []);
    const held = member === "inputSchema" || member === "outputSchema" ? input : {};
    return WRONG.flatMap((wrong) => [
      { kind, member, item: { ...right, [member]: wrong } },
      ...within.map((name) => ({ kind, member, item: { ...right, [member]: { ...held, [name]: wrong } } })),
    ]);
  });
  return [...wrong, ...hard];
});
