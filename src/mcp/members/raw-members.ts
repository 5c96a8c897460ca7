import { writeExact } from "../../core/exact-json.ts";
import type { Json } from "../../core/json.ts";
import { RawJson } from "../../core/raw-json.ts";
import { type NameWatch, scanJson } from "../../core/scan-json.ts";

/** Members put into the text of an object and taken out of it, without parsing the rest of it. */

const CLOSE = Buffer.from("}");

/** The same object with these members, in front where it does not have them so itself. */
export function withMembers(object: RawJson, members: Readonly<Record<string, Json>>): RawJson {
  const missing = Object.keys(members).filter((name) => object.member(name) !== members[name]);
  if (missing.length === 0) return object;
  const { bytes } = withoutMembers(object, missing);
  const text = missing.map((name) => `${JSON.stringify(name)}:${writeExact(members[name] ?? null)}`).join(",");
  const open = bytes.indexOf(0x7b);
  const comma = isEmpty(bytes, open) ? "" : ",";
  return RawJson.fromBytes(Buffer.concat([Buffer.from(`{${text}${comma}`), bytes.subarray(open + 1)]));
}

/** The same object without its own members of these names (plain ASCII). */
export function withoutMembers(object: RawJson, names: readonly string[]): RawJson {
  if (!names.some((name) => object.mayHave(name))) return object;
  const { bytes } = object;
  const starts: { readonly at: number; readonly drop: boolean }[] = [];
  const watch: NameWatch = {
    open() {},
    name(text, from, to, depth) {
      if (depth === 1) starts.push({ at: from - 1, drop: names.includes(text.toString("latin1", from, to)) });
      return 1;
    },
  };
  scanJson(bytes, NO_LIMITS, watch);
  if (!starts.some(({ drop }) => drop)) return object;
  // A member goes from its name to the next one's, its comma included; the last one to the end of the object.
  const kept = starts.flatMap(({ at, drop }, index) => {
    if (drop) return [];
    const next = starts[index + 1]?.at ?? bytes.lastIndexOf(0x7d);
    return [bytes.subarray(at, next)];
  });
  const last = kept.at(-1);
  if (last !== undefined && starts.at(-1)?.drop === true) kept[kept.length - 1] = withoutComma(last);
  return RawJson.fromBytes(Buffer.concat([Buffer.from("{"), ...kept, CLOSE]));
}

/** The JSON text of the object's own member of this name (plain ASCII), the last of several; `undefined` if it has none. */
export function memberText(object: RawJson, name: string): Buffer | undefined {
  if (!object.mayHave(name)) return undefined;
  const { bytes } = object;
  let from = -1;
  let to = -1;
  const watch: NameWatch = {
    open() {},
    name(text, start, end, depth) {
      if (depth > 1) return 1;
      if (from >= 0 && to < 0) to = text.lastIndexOf(0x2c, start - 2);
      if (text.toString("latin1", start, end) === name) {
        from = text.indexOf(0x3a, end + 1) + 1;
        to = -1;
      }
      return 1;
    },
  };
  scanJson(bytes, NO_LIMITS, watch);
  if (from < 0) return undefined;
  return bytes.subarray(from, to < 0 ? bytes.lastIndexOf(0x7d) : to);
}

/** The same object with one more member at its end, which it must not have yet and which is not parsed on the way. */
export function withMember(object: RawJson, name: string, value: RawJson): RawJson {
  const close = object.bytes.lastIndexOf(0x7d);
  const comma = isEmpty(object.bytes, object.bytes.indexOf(0x7b)) ? "" : ",";
  const opening = Buffer.from(`${comma}${JSON.stringify(name)}:`);
  return RawJson.fromBytes(Buffer.concat([object.bytes.subarray(0, close), opening, value.bytes, CLOSE]));
}

/** Whoever made the object has looked at it within limits. */
const NO_LIMITS = { maxDepth: Number.POSITIVE_INFINITY, maxCount: Number.POSITIVE_INFINITY };

function withoutComma(member: Buffer): Buffer {
  return member.subarray(0, member.lastIndexOf(0x2c));
}

function isEmpty(bytes: Buffer, open: number): boolean {
  for (let at = open + 1; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return byte === 0x7d;
  }
  return false;
}
