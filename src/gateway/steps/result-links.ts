import { URI_MEMBERS, type WriteUri, writeLinks } from "../../catalog/uris/link-places.ts";
import { isObject } from "../../core/json.ts";
import { RawJson } from "../../core/raw-json.ts";

const NAMES = URI_MEMBERS.map((name) => Buffer.from(`"${name}"`));

/**
 * A result with its URIs as they are shown to the client; the very result, its own bytes, where none is another one. Most
 * have none, or only such as stay, and are not parsed. @throws never
 */
export function writeResultLinks(result: RawJson, write: WriteUri): RawJson {
  let others = 0;
  for (const name of NAMES) others += countOthers(result.bytes, name, write);
  if (others === 0) return result;
  const value = result.value();
  if (!isObject(value)) return result;
  const written = writeLinks(value, write);
  return written === value ? result : RawJson.fromValue(written);
}

/** How many members of this name hold a text, at whatever place, that would be written as another one. */
function countOthers(bytes: Buffer, name: Buffer, write: WriteUri): number {
  let others = 0;
  for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + name.length)) {
    const colon = skipBlanks(bytes, at + name.length);
    if (bytes[colon] !== 0x3a) continue;
    const from = skipBlanks(bytes, colon + 1);
    if (bytes[from] !== 0x22) continue;
    const uri = textAt(bytes, from);
    if (uri !== undefined && write(uri) !== uri) others++;
  }
  return others;
}

function skipBlanks(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0a || bytes[at] === 0x0d) at++;
  return at;
}

/** The JSON text that begins at this quote. */
function textAt(bytes: Buffer, from: number): string | undefined {
  let end = from + 1;
  let escaped = false;
  for (; end < bytes.length && bytes[end] !== 0x22; end++) {
    if (bytes[end] !== 0x5c) continue;
    escaped = true;
    end++;
  }
  const text = bytes.toString("utf8", from + 1, end);
  if (!escaped) return text;
  try {
    const read: unknown = JSON.parse(`"${text}"`);
    return typeof read === "string" ? read : undefined;
  } catch {
    // Not JSON after all, which whoever reads it finds out.
    return undefined;
  }
}
