import { holdsValues, isObject, type Json, type JsonObject } from "../../core/json.ts";

/*
 * Where a server can put JSON of its own in what it says of a request. The protocol names the members around it, and paths
 * that somebody wrote for data must not take these out: a block of content without its `type` is none.
 */

/** What becomes of the places that are found; each gives the very same value back if nothing in it has to go. */
export interface OpenChange {
  /** What a member is called in what goes out. */
  leaving(name: string): string;
  /** A value of the server's own, which paths begin at. */
  root(value: Json): Json;
  /** A text, which may be JSON. */
  text(text: string): string;
}

/** The members of one level that the protocol names, and what they hold. */
export interface OpenLevel {
  readonly members: Readonly<Record<string, OpenLevel | typeof DATA | typeof KEPT>>;
}

/** The server's own, whatever it is. */
const DATA = "data";
/** Part of the protocol through and through, such as a form to fill in. */
const KEPT = "kept";

/** A text by itself. */
export const TEXT: OpenLevel = { members: {} };
const ANNOTATIONS: OpenLevel = { members: named("audience priority lastModified") };
const ICON: OpenLevel = { members: named("src sizes theme mimeType") };
const RESOURCE: OpenLevel = {
  members: { ...named("uri mimeType text blob name title description size"), annotations: ANNOTATIONS, _meta: DATA },
};
const BLOCK: OpenLevel = {
  members: {
    ...RESOURCE.members,
    ...named("type id toolUseId isError"),
    data: DATA,
    input: DATA,
    structuredContent: DATA,
    resource: RESOURCE,
    icons: ICON,
  },
};
const CONTENT: OpenLevel = { members: { ...BLOCK.members, content: BLOCK } };
const MESSAGE: OpenLevel = { members: { ...named("role"), content: CONTENT, _meta: DATA } };

/** A tool's result (CallToolResult). */
export const TOOL_RESULT: OpenLevel = {
  members: { ...named("resultType isError"), content: CONTENT, structuredContent: DATA, _meta: DATA },
};

/** A prompt's (GetPromptResult). */
export const PROMPT_RESULT: OpenLevel = {
  members: { ...named("resultType description"), messages: MESSAGE, _meta: DATA },
};

/** A resource's (ReadResourceResult). */
export const RESOURCE_RESULT: OpenLevel = {
  members: { ...named("resultType ttlMs cacheScope"), contents: RESOURCE, _meta: DATA },
};

/** A completion's (CompleteResult). */
export const COMPLETION_RESULT: OpenLevel = {
  members: { ...named("resultType"), completion: { members: named("values total hasMore") }, _meta: DATA },
};

/** What comes beside a result: errors, and params of notifications and questions. */
export const BESIDE: OpenLevel = {
  members: {
    // Errors and log messages
    ...named("message level logger"),
    data: DATA,
    _meta: DATA,
    // Progress, and other notifications
    ...named("progressToken progress total requestId reason uri elicitationId taskId status statusMessage"),
    // Questions
    ...named("mode url systemPrompt includeContext temperature maxTokens stopSequences"),
    messages: MESSAGE,
    metadata: DATA,
    requestedSchema: KEPT,
    tools: KEPT,
    toolChoice: KEPT,
    modelPreferences: KEPT,
  },
};

/**
 * `value` with the places of the server's own changed: under members that hold data, all that the protocol does not name at
 * its level, together as one object, and every text. The very same value if nothing has changed. @throws never
 */
export function changeOpen(value: Json, level: OpenLevel, change: OpenChange): Json {
  if (typeof value === "string") return change.text(value);
  if (!holdsValues(value)) return value;
  if (!isObject(value)) {
    const items = value.map((item) => changeOpen(item, level, change));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const others: [string, Json][] = [];
  const known = new Map<string, Json>();
  let changed = false;
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const held = Object.hasOwn(level.members, name) ? level.members[name] : undefined;
    if (held === undefined) {
      others.push([name, member]);
      continue;
    }
    const now = changeMember(member, held, change);
    changed ||= now !== member;
    known.set(name, now);
  }
  const before: JsonObject = Object.fromEntries(others);
  const left = others.length === 0 ? before : change.root(before);
  const after = withNamesToCome(isObject(left) ? left : {}, level, change);
  if (after === before && !changed) return value;
  // In the order that they came in.
  return Object.fromEntries(
    Object.keys(value).flatMap((name): [string, Json][] => {
      const kept = known.has(name) ? known.get(name) : Object.hasOwn(after, name) ? after[name] : undefined;
      return kept === undefined ? [] : [[name, kept]];
    }),
  );
}

/** What is the server's own here, and comes to be a member that the protocol names by what is taken out of its name: as both. */
function withNamesToCome(others: JsonObject, level: OpenLevel, change: OpenChange): JsonObject {
  let changed = false;
  const members = Object.entries(others).map(([name, member]): [string, Json | undefined] => {
    const left = change.leaving(name);
    const held = left !== name && Object.hasOwn(level.members, left) ? level.members[left] : undefined;
    if (member === undefined || held === undefined) return [name, member];
    const now = changeMember(member, held, change);
    changed ||= now !== member;
    return [name, now];
  });
  return changed ? Object.fromEntries(members) : others;
}

function changeMember(value: Json, held: OpenLevel | typeof DATA | typeof KEPT, change: OpenChange): Json {
  if (held === KEPT) return value;
  if (held === DATA) return typeof value === "string" ? change.text(value) : change.root(value);
  return changeOpen(value, held, change);
}

function named(names: string): Record<string, OpenLevel> {
  return Object.fromEntries(names.split(" ").map((name) => [name, TEXT]));
}
