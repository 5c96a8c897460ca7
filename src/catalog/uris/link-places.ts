import { isObject, type Json, type JsonObject } from "../../core/json.ts";

/*
 * Where the protocol, and the extensions for apps, have URIs of resources in what servers say. Whatever else a text or
 * structured content holds is the server's own matter.
 */

/** Gives a URI back as it is to be written. */
export type WriteUri = (uri: string) => string;

/** Names of the members that hold such URIs: a text without any of them holds no such URI. */
export const URI_MEMBERS = ["uri", "resourceUri", "ui/resourceUri", "openai/outputTemplate"] as const;

/** Writes the URIs in one value of a certain kind; the very value where nothing changes. */
type Writer = (value: Json, write: WriteUri) => Json;

const text: Writer = (value, write) => (typeof value === "string" ? write(value) : value);

const meta = membersOf({
  ui: membersOf({ resourceUri: text }),
  "ui/resourceUri": text,
  "openai/outputTemplate": text,
});

// A block that holds others is the result of a tool in a message for sampling.
const block = membersOf({
  uri: text,
  resource: membersOf({ uri: text, _meta: meta }),
  content: (value, write) => blocks(value, write),
  _meta: meta,
});
const blocks = listOf(block);
const said = membersOf({
  content: blocks,
  contents: blocks,
  messages: listOf(membersOf({ content: blocks })),
  _meta: meta,
});

/**
 * Writes the URIs of a result, or of the parameters of what a server asks. The very value where nothing changes. MCP
 * schema: ContentBlock, ResourceContents, PromptMessage, SamplingMessage; MCP Apps, `McpUiToolMeta`
 */
export function writeLinks(value: JsonObject, write: WriteUri): JsonObject {
  const written = said(value, write);
  return isObject(written) ? written : value;
}

/** The same for the definition of a tool. */
export function writeToolLinks(definition: JsonObject, write: WriteUri): JsonObject {
  const given = definition["_meta"];
  if (given === undefined) return definition;
  const written = meta(given, write);
  return written === given ? definition : { ...definition, _meta: written };
}

function membersOf(members: Readonly<Record<string, Writer>>): Writer {
  const names = Object.keys(members);
  return (value, write) => {
    if (!isObject(value)) return value;
    let changed: Record<string, Json | undefined> | undefined;
    for (const name of names) {
      const member = Object.hasOwn(value, name) ? value[name] : undefined;
      const written = member === undefined ? undefined : members[name]?.(member, write);
      if (written === member) continue;
      changed ??= { ...value };
      changed[name] = written;
    }
    return changed ?? value;
  };
}

/** Of a list, or of the one that stands in the place of a list. */
function listOf(writer: Writer): Writer {
  return (value, write) => {
    if (!Array.isArray(value)) return writer(value, write);
    const items: readonly Json[] = value;
    const written = items.map((item) => writer(item, write));
    return written.some((item, index) => item !== items[index]) ? written : items;
  };
}
