import type { Era } from "../../core/call.ts";
import { fold } from "../../core/fold.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { sendableMeta, withoutOurs } from "./own-meta.ts";

/** What becomes of a member of a message on its way to a server. */
export type MemberRule =
  /** Sent on as it is: a value that the protocol leaves open, or has no objects in. */
  | "data"
  /** An open map, but for the keys that the protocol and the gateway write. */
  | "meta"
  /** Known to the protocol, and no concern of the server's behind the gateway. */
  | "unsent"
  | { readonly of: Members }
  /** Answers to a server's questions, by keys of its own. */
  | { readonly each: Members }
  | { readonly list: Members };

/** The members that the protocol gives an object. What is not among them is not sent on. */
export interface Members {
  readonly [name: string]: MemberRule;
}

/** 2026-07-28 schema, `ClientCapabilities`. Tasks of 2025-11-25 are between a client and the gateway. */
export const CAPABILITIES: Members = {
  experimental: "data",
  extensions: "data",
  roots: "data",
  sampling: "data",
  elicitation: "data",
  tasks: "unsent",
};

const ROOT: Members = { uri: "data", name: "data", _meta: "meta" };

/** What a client may answer to each request of a server. 2026-07-28 schema, `InputResponse` */
export const ANSWERS: Readonly<Record<string, Members>> = {
  "elicitation/create": { action: "data", content: "data", _meta: "meta" },
  "sampling/createMessage": { role: "data", content: "data", model: "data", stopReason: "data", _meta: "meta" },
  "roots/list": { roots: { list: ROOT }, _meta: "meta" },
};

// Which question an entry answers, only the server knows that asked.
const ANY_ANSWER: Members = Object.assign({}, ...Object.values(ANSWERS));

/** 2026-07-28 schema, `InputResponseRequestParams`; earlier revisions have no such members. */
const CONTINUING: Members = { inputResponses: { each: ANY_ANSWER }, requestState: "data" };
const MODERN_ONLY: ReadonlySet<string> = new Set(Object.keys(CONTINUING));

const LIST: Members = { cursor: "data" };
const SUBJECT: Members = { uri: "data" };
const NONE: Members = {};

/**
 * The members of `params`, by method: of all requests and notifications that a client makes in the revisions 2025-03-26 to
 * 2026-07-28, beside `_meta`, which each may have. Whatever leaves for a server is built from these and nothing else.
 */
export const PARAMS: Readonly<Record<string, Members>> = {
  // 2025-11-25 basic/lifecycle
  initialize: { protocolVersion: "data", capabilities: { of: CAPABILITIES }, clientInfo: "data" },
  "notifications/initialized": NONE,
  ping: NONE,
  // 2026-07-28 server/discover
  "server/discover": NONE,
  // server/tools. A task of 2025-11-25 is not passed on: the gateway announces none and could not answer for one.
  "tools/list": LIST,
  "tools/call": { name: "data", arguments: "data", ...CONTINUING, task: "unsent" },
  // server/prompts
  "prompts/list": LIST,
  "prompts/get": { name: "data", arguments: "data", ...CONTINUING },
  // server/resources
  "resources/list": LIST,
  "resources/templates/list": LIST,
  "resources/read": { ...SUBJECT, ...CONTINUING },
  "resources/subscribe": SUBJECT,
  "resources/unsubscribe": SUBJECT,
  // server/utilities/completion
  "completion/complete": {
    ref: { of: { type: "data", name: "data", title: "data", uri: "data" } },
    argument: { of: { name: "data", value: "data" } },
    context: { of: { arguments: "data" } },
  },
  // 2025-11-25 server/utilities/logging
  "logging/setLevel": { level: "data" },
  // 2026-07-28 basic/patterns/subscriptions; SEP-2663
  "subscriptions/listen": {
    notifications: {
      of: {
        toolsListChanged: "data",
        promptsListChanged: "data",
        resourcesListChanged: "data",
        resourceSubscriptions: "data",
        taskIds: "unsent",
      },
    },
  },
  // SEP-2663, and tasks of 2025-11-25. The gateway's own: no server hears of them.
  "tasks/get": { taskId: "unsent" },
  "tasks/update": { taskId: "unsent", inputResponses: "unsent" },
  "tasks/cancel": { taskId: "unsent" },
  "tasks/result": { taskId: "unsent" },
  "tasks/list": { cursor: "unsent" },
  // basic/utilities
  "notifications/cancelled": { requestId: "data", reason: "data" },
  "notifications/progress": { progressToken: "data", progress: "data", total: "data", message: "data" },
  // 2025-11-25 client/roots
  "notifications/roots/list_changed": NONE,
};

/** `object`, as far as `members` lets it travel to a server of this era: the very values, in a new object. */
export function sendable(object: JsonObject, members: Members, era: Era = "modern"): Record<string, Json | undefined> {
  const sent: Record<string, Json | undefined> = {};
  for (const name in members) {
    if (era === "legacy" && MODERN_ONLY.has(name)) continue;
    const member = members[name];
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    const share = value === undefined || member === undefined ? undefined : shareOf(value, member);
    if (share !== undefined) sent[name] = share;
  }
  return sent;
}

function shareOf(value: Json, member: MemberRule): Json | undefined {
  if (member === "data") return value;
  if (member === "unsent") return undefined;
  if (member === "meta") return isObject(value) ? sendableMeta(value) : undefined;
  if ("list" in member) return Array.isArray(value) ? eachOf(value, member.list) : undefined;
  if (!isObject(value)) return undefined;
  if ("of" in member) return sendable(value, member.of);
  const { each } = member;
  const entries = Object.entries(value).flatMap(([key, entry]) =>
    isObject(entry) ? [[key, withoutOurs(sendable(entry, each))]] : [],
  );
  return Object.fromEntries(entries);
}

function eachOf(items: readonly Json[], members: Members): readonly Json[] {
  return items.filter(isObject).map((item) => sendable(item, members));
}

/** A key that a reader could take for a member of the protocol, which it is not. */
export interface StrayKey {
  /** JSON path of the object that has it. */
  readonly path: string;
  /** The member that it reads like. */
  readonly member: string;
}

/** The first such key in `object`, as deep as `members` goes. */
export function findStrayKey(object: JsonObject, members: Members, path: string): StrayKey | undefined {
  for (const key of Object.keys(object)) {
    const member = Object.hasOwn(members, key) ? members[key] : undefined;
    if (member === undefined) {
      if (key === "_meta") continue;
      const known = memberLike(key, members);
      if (known !== undefined) return { path, member: known };
      continue;
    }
    if (typeof member === "string") continue;
    const found = findBelow(object[key], member, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findBelow(value: Json | undefined, member: Exclude<MemberRule, string>, path: string): StrayKey | undefined {
  if ("of" in member) return isObject(value) ? findStrayKey(value, member.of, path) : undefined;
  const [entries, members, step]: [readonly Json[], Members, string] =
    "list" in member
      ? [Array.isArray(value) ? value : [], member.list, "[]"]
      : [isObject(value) ? Object.values(value).flatMap((entry) => entry ?? []) : [], member.each, ".*"];
  for (const entry of entries) {
    const found = isObject(entry) ? findStrayKey(entry, members, `${path}${step}`) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

// A few names for each object: comparing them all is cheaper than keeping their folded forms.
function memberLike(key: string, members: Members): string | undefined {
  const form = fold(key);
  if (form === "_meta") return "_meta";
  for (const name in members) if (fold(name) === form) return name;
  return undefined;
}
