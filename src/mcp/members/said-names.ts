import { FoldedKeys } from "../../core/keys.ts";
import type { MemberNames } from "../../core/raw-json.ts";
import type { NameWatch } from "../../core/scan-json.ts";

/*
 * Names of members in what servers say. Clients that ignore case take `IsError` for `isError`, and the last of two: they
 * would see another result than the one that was decided on, redacted and recorded.
 */

/** Members of messages that servers send, at whatever level. 2026-07-28 and 2025-11-25 schema */
const NAMES = byForm(
  "jsonrpc id method params result error code message data resultType _meta",
  // Results, and blocks of content
  "content structuredContent isError contents messages description completion values total hasMore nextCursor",
  "type text mimeType annotations audience priority lastModified resource uri blob name title size icons src sizes theme",
  "inputRequests requestState tools prompts resources resourceTemplates capabilities serverInfo instructions",
  "protocolVersion supportedVersions task taskId status statusMessage ttl toolUseId input role",
  // Questions and notifications
  "mode requestedSchema url elicitationId elicitations systemPrompt includeContext modelPreferences temperature",
  "maxTokens stopSequences metadata toolChoice level logger progress progressToken requestId reason",
);

/** Members whose values are data of a tool, or read by somebody else who looks at their names (definitions). */
const DATA: ReadonlySet<string> = new Set(
  (
    "structuredContent data input arguments metadata requestedSchema inputSchema outputSchema experimental extensions " +
    "tools prompts resources resourceTemplates"
  ).split(" "),
);

/** Members whose values have names that the protocol leaves open. */
const OPEN: ReadonlySet<string> = new Set(["_meta", "data", "inputRequests"]);
/** Names of the protocol among those. */
const IN_OPEN: ReadonlySet<string> = new Set(["elicitations", "progressToken"]);

/** What stands where a list begins instead of a name. */
const LIST = "";
const ALL = Number.POSITIVE_INFINITY;

/**
 * Watches the names in one message of a server, or in its result alone. They are taken as they are written in the bytes, so
 * that nobody has to make objects of a result to know that they say one thing to all readers.
 */
export class SaidNames implements NameWatch {
  /** Some name stands twice in one object. */
  hasTwins = false;
  /** Some name reads like another one of its object, or like one of the protocol's. */
  hasLookalikes = false;
  readonly #keys = new FoldedKeys();
  /** By depth: the name that was read last, and all of the object, by folded form. */
  readonly #path: string[] = [];
  readonly #seen: Map<string, string>[] = [];

  /** What the members are called of the object that was read last at this depth. Keeps nothing else of what was read. */
  namesAt(depth: number): MemberNames {
    const seen = this.#seen[depth];
    return { has: (name) => seen?.get(name.toLowerCase()) === name };
  }

  open(depth: number): void {
    this.#path[depth] = LIST;
    const seen = this.#seen[depth];
    if (seen === undefined) this.#seen[depth] = new Map();
    else seen.clear();
  }

  name(text: Buffer, from: number, to: number, depth: number, odd: boolean): number {
    const name = readName(text, from, to, odd);
    this.#path[depth] = name;
    const form = this.#keys.of(name);
    const seen = this.#seen[depth];
    if (form === undefined || seen === undefined) {
      this.hasLookalikes = true;
      return depth;
    }
    const before = seen.get(form);
    if (before === name) this.hasTwins = true;
    else if (before !== undefined) this.hasLookalikes = true;
    seen.set(form, name);
    const known = NAMES.get(form);
    const isKnown = known === name;
    if (!this.#isOpen(depth)) {
      if (known !== undefined && !isKnown) this.hasLookalikes = true;
      if (name === "_meta" || this.#isErrorData(depth)) return depth + 1;
      return DATA.has(name) ? depth : ALL;
    }
    if (known !== undefined && !isKnown && IN_OPEN.has(known)) this.hasLookalikes = true;
    return name === "elicitations" || this.#path[depth - 1] === "inputRequests" ? ALL : depth;
  }

  #isOpen(depth: number): boolean {
    return OPEN.has(this.#path[depth - 1] ?? LIST);
  }

  #isErrorData(depth: number): boolean {
    return this.#path[depth] === "data" && this.#path[depth - 1] === "error";
  }
}

function readName(text: Buffer, from: number, to: number, odd: boolean): string {
  return odd ? String(JSON.parse(`"${text.toString("utf8", from, to)}"`)) : text.toString("latin1", from, to);
}

function byForm(...lists: readonly string[]): ReadonlyMap<string, string> {
  return new Map(lists.flatMap((list) => list.split(" ").map((name) => [name.toLowerCase(), name])));
}
