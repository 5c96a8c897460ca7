import { isUtf8 } from "node:buffer";

/** A text that stood in bytes. */
export interface TextInBytes {
  readonly text: string;
  /** The bytes of another text in the same encoding. What it has no bytes for is written as an escape of JSON. */
  encode(text: string): Buffer;
}

const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const LITTLE_MARK = Buffer.from([0xff, 0xfe]);
const BIG_MARK = Buffer.from([0xfe, 0xff]);
const UTF8 = new Set(["utf-8", "utf8", "us-ascii", "ascii"]);
const UTF16 = new Set(["utf-16", "utf16", "utf-16le", "utf-16be"]);
/** The Encoding Standard (WHATWG) takes all of them for Windows-1252: one byte for each character, and each byte is one. */
const LATIN = new Set(["iso-8859-1", "latin1", "windows-1252", "cp1252"]);
/** Bytes from 0x80 to 0x9f. `TextDecoder` of some Node.js reads control characters there. */
const BETWEEN =
  "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f" +
  "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";
const BYTE_OF = new Map([...BETWEEN].map((character, index) => [character, 0x80 + index]));

/**
 * Reads bytes as a text in the declared charset, or as they say themselves: by a byte order mark, else UTF-8. `undefined` if
 * they are none, or if mark and charset contradict each other: readers would choose. @throws never
 */
export function readText(bytes: Buffer, charset: string | undefined): TextInBytes | undefined {
  if (begins(bytes, LITTLE_MARK) || begins(bytes, BIG_MARK)) {
    return charset === undefined || UTF16.has(charset) ? utf16(bytes) : undefined;
  }
  const isLatin = charset !== undefined && LATIN.has(charset);
  if (charset !== undefined && !isLatin && !UTF8.has(charset)) return undefined;
  // Nor is UTF-16 without its mark: it would pass as UTF-8 with a zero in every second byte.
  if (bytes.includes(0)) return undefined;
  // Many take everything for UTF-8, and hardly any other text is valid UTF-8.
  if (isUtf8(bytes)) return isLatin && begins(bytes, UTF8_MARK) ? undefined : utf8(bytes);
  return isLatin ? latin(bytes) : undefined;
}

function begins(bytes: Buffer, mark: Buffer): boolean {
  return bytes.subarray(0, mark.length).equals(mark);
}

function utf8(bytes: Buffer): TextInBytes {
  const mark = begins(bytes, UTF8_MARK) ? UTF8_MARK : Buffer.alloc(0);
  return {
    text: bytes.subarray(mark.length).toString("utf8"),
    encode: (text) => Buffer.concat([mark, Buffer.from(text, "utf8")]),
  };
}

function utf16(bytes: Buffer): TextInBytes | undefined {
  if (bytes.length % 2 !== 0) return undefined;
  const isBig = begins(bytes, BIG_MARK);
  const rest = isBig ? Buffer.from(bytes.subarray(2)).swap16() : bytes.subarray(2);
  const text = rest.toString("utf16le");
  if (!isWellFormed(text) || text.includes("\0")) return undefined;
  return {
    text,
    encode: (changed) => {
      const written = Buffer.from(`\ufeff${changed}`, "utf16le");
      return isBig ? written.swap16() : written;
    },
  };
}

function latin(bytes: Buffer): TextInBytes {
  const text = bytes.toString("latin1").replace(/[\x80-\x9f]/g, (byte) => BETWEEN.charAt(byte.charCodeAt(0) - 0x80));
  return { text, encode: (changed) => Buffer.from(changed.replace(/[\x80-\x9f]|[^\0-\xff]/g, byteOf), "latin1") };
}

// Only JSON that is written anew can have come to hold a character without a byte, and only in its texts.
function byteOf(unit: string): string {
  const byte = BYTE_OF.get(unit);
  return byte === undefined ? escapeOf(unit) : String.fromCharCode(byte);
}

function escapeOf(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

// No half of a pair without the other.
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
