import { isObject, type Json, type JsonObject } from "../../core/json.ts";

/** Where a transformation writes: names of members, from the outermost. Never empty. */
export type MemberPath = readonly string[];

/** Names in a path at most. */
const MAX_NAMES = 16;

/** A path as its author writes it, or what is wrong with it. */
export type ReadPath =
  | { readonly ok: true; readonly path: MemberPath }
  | { readonly ok: false; readonly message: string; readonly hint: string | undefined };

/**
 * Reads a path: `limit`, `address.country`, or a JSON Pointer (RFC 6901) where it begins with a slash, for names that have dots
 * in them: `/a.b/c`. @throws never
 */
export function readPath(text: string): ReadPath {
  const pointer = text.startsWith("/");
  if (pointer && /~(?![01])/.test(text)) {
    return problem(`\`${text}\` is no JSON Pointer.`, "In a JSON Pointer ~0 is a tilde and ~1 a slash.");
  }
  const names = pointer
    ? text
        .slice(1)
        .split("/")
        .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"))
    : text.split(".");
  if (names.includes("")) {
    const hint = "For a name that has dots in it write a JSON Pointer: /a.b for the member a.b.";
    return problem(`\`${text}\` has an empty name in it.`, pointer ? undefined : hint);
  }
  if (names.length > MAX_NAMES) return problem(`\`${text}\` has more than ${MAX_NAMES} names.`, undefined);
  if (names.includes("__proto__"))
    return problem("Nothing can be called `__proto__`: no client could send it.", undefined);
  if (names.some((name) => name.includes("\0"))) return problem("A name has no U+0000 in it.", undefined);
  return { ok: true, path: names };
}

function problem(message: string, hint: string | undefined): ReadPath {
  return { ok: false, message, hint };
}

/** Whether one path is the other, or leads to something in it. */
export function overlap(one: MemberPath, other: MemberPath): boolean {
  const shared = Math.min(one.length, other.length);
  for (let at = 0; at < shared; at++) if (one[at] !== other[at]) return false;
  return true;
}

/** What came of a change: `undefined` where something on the way is no object. */
type Changed = JsonObject | undefined;

/** The object with this value at the path; objects that are not there on the way are made. Nothing is written to. @throws never */
export function withValueAt(object: JsonObject, path: MemberPath, value: Json): Changed {
  const [name, ...rest] = path;
  if (name === undefined) return undefined;
  if (rest.length === 0) return { ...object, [name]: value };
  const below = Object.hasOwn(object, name) ? object[name] : {};
  if (below !== undefined && !isObject(below)) return undefined;
  const changed = withValueAt(below ?? {}, rest, value);
  return changed && { ...object, [name]: changed };
}

/** The object without what stands at the path, itself where nothing does. @throws never */
export function withoutValueAt(object: JsonObject, path: MemberPath): Changed {
  const [name, ...rest] = path;
  if (name === undefined || !Object.hasOwn(object, name) || object[name] === undefined) return object;
  if (rest.length === 0) {
    const { [name]: _left, ...others } = object;
    return others;
  }
  const below = object[name];
  if (!isObject(below)) return undefined;
  const changed = withoutValueAt(below, rest);
  return changed === below || changed === undefined ? changed && object : { ...object, [name]: changed };
}
