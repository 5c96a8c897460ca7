import { parseExact, writeExact } from "../../core/exact-json.ts";
import { fold } from "../../core/fold.ts";
import { holdsValues, isObject, type Json, type JsonObject } from "../../core/json.ts";
import { FoldedKeys } from "../../core/keys.ts";
import { META } from "../revisions.ts";

/**
 * Keys of `_meta` that are the gateway's own to write. A client that could write them would pass for an approved call, a
 * server that could would show a link of its own as the gateway's.
 */
const OURS = "portcullis/";

/** Keys that the protocol gives a meaning, as it writes them and in folded form. 2026-07-28 basic, "`_meta`" */
const WRITTEN: ReadonlySet<string> = new Set([...Object.values(META), "progressToken"]);
const PROTOCOL: ReadonlySet<string> = new Set([...WRITTEN].map(fold));
const PROTOCOL_PREFIX = "io.modelcontextprotocol/";

/** A `_meta` as it may go to a server: without what the protocol or the gateway writes there, or reads like it. */
export function sendableMeta(meta: JsonObject): JsonObject | undefined {
  let kept: Record<string, Json> | undefined;
  const keys = new FoldedKeys();
  for (const key of Object.keys(meta)) {
    // Every client sends these: nothing has to be folded for them.
    if (WRITTEN.has(key)) continue;
    const value = meta[key];
    // What is too much to be compared is left out: names of keys are short.
    const form = keys.of(key) ?? OURS;
    if (value === undefined || PROTOCOL.has(form) || form.startsWith(PROTOCOL_PREFIX) || form.startsWith(OURS))
      continue;
    kept ??= {};
    kept[key] = value;
  }
  return kept;
}

/**
 * Takes the gateway's keys out of every `_meta` in a value that nobody else has seen yet: it is changed in place. Whether
 * there were any. A key that some readers take for `_meta` (`_Meta`) counts as one, and so does one that cannot be
 * compared within the budget.
 */
export function dropOurs(root: Json): boolean {
  let dropped = false;
  const keys = new FoldedKeys();
  // With a list of its own, because what comes from servers may be nested deeply.
  const open: Json[] = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (!holdsValues(value)) continue;
    const inObject = isObject(value);
    for (const [key, child] of Object.entries(value)) {
      if (!holdsValues(child)) continue;
      if (inObject && (keys.of(key) ?? "_meta") === "_meta" && dropFrom(child, keys)) dropped = true;
      open.push(child);
    }
  }
  return dropped;
}

/** A copy of the value without the gateway's keys in any `_meta` of it. */
export function withoutOurs<T extends Json>(value: T): T {
  const copy = parseExact(writeExact(value)) as T;
  dropOurs(copy);
  return copy;
}

/** The same for the object's own keys alone: `data` of an error has no `_meta` to hold them. */
export function dropFrom(object: Json, keys = new FoldedKeys()): boolean {
  if (!isObject(object)) return false;
  let dropped = false;
  for (const key of Object.keys(object)) {
    if ((keys.of(key) ?? OURS).startsWith(OURS)) dropped = Reflect.deleteProperty(object, key) || dropped;
  }
  return dropped;
}
