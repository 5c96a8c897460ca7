import { parseExact, writeExact } from "./exact-json.ts";
import { isObject, type Json } from "./json.ts";

/** The names of an object's own members, in plain ASCII. */
export interface MemberNames {
  has(name: string): boolean;
}

/**
 * A JSON value kept as the bytes it came in until somebody has to read it.
 *
 * Results pass through the gateway in this form: parsing and writing a 46 KB result again costs 0.4 ms, and no rule
 * reads most of them.
 */
export class RawJson {
  readonly bytes: Buffer;
  readonly #names: MemberNames | undefined;
  #value: Json | undefined;
  #broken = false;

  private constructor(bytes: Buffer, value: Json | undefined, names?: MemberNames) {
    this.bytes = bytes;
    this.#value = value;
    this.#names = names;
  }

  /**
   * Wraps the UTF-8 text of one JSON object. The caller vouches that it is JSON, within limits, and that escapes hide no
   * names in it; and with `names`, which those of its own members are, that each stands there once.
   */
  static fromBytes(bytes: Buffer, names?: MemberNames): RawJson {
    return new RawJson(bytes, undefined, names);
  }

  /** Writes `value` once; `value()` gives it back without parsing. */
  static fromValue(value: Json): RawJson {
    return new RawJson(Buffer.from(writeExact(value)), value);
  }

  /** The parsed value, parsed at most once; `undefined` if the bytes are not JSON after all. @throws never */
  value(): Json | undefined {
    if (this.#value === undefined && !this.#broken) {
      try {
        this.#value = parseExact(this.bytes.toString("utf8"));
      } catch {
        this.#broken = true;
      }
    }
    return this.#value;
  }

  /**
   * The member `name` (plain ASCII) of this object; `undefined` if there is none. Parses only when the name occurs in
   * the text, and not even then when it occurs once, at the very start or end, with a plain string.
   */
  member(name: string): Json | undefined {
    if (this.#names?.has(name) === false) return undefined;
    if (this.#value === undefined) {
      const quoted = `"${name}"`;
      const at = this.#placeOf(quoted);
      if (at < 0) return undefined;
      if (this.#names !== undefined || this.bytes.lastIndexOf(quoted) === at) {
        const text = this.#stringAtEdge(at, quoted.length);
        if (text !== undefined) return text;
      }
    }
    const value = this.value();
    return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }

  /** Whether this object may have a member `name` (plain ASCII); `false` is certain. Parses nothing. */
  mayHave(name: string): boolean {
    return this.#names?.has(name) ?? this.bytes.includes(`"${name}"`);
  }

  /** Whether the text holds `needle` anywhere. */
  includes(needle: Buffer): boolean {
    return this.bytes.includes(needle);
  }

  // Most servers write first what a result is, and looking there is cheaper than a search.
  #placeOf(quoted: string): number {
    const { bytes } = this;
    if (this.#names !== undefined && bytes.toString("latin1", 1, 1 + quoted.length) === quoted) return 1;
    return bytes.indexOf(quoted);
  }

  // `{"name":"text",…` or `…,"name":"text"}`. In valid JSON neither can stand inside a string, where a quote would be
  // escaped, nor below the top: the first bracket opens the object and the last one closes it.
  #stringAtEdge(at: number, quotedLength: number): string | undefined {
    const { bytes } = this;
    const from = at + quotedLength + 2;
    if (bytes[from - 2] !== 0x3a || bytes[from - 1] !== 0x22) return undefined;
    const end = bytes.indexOf(0x22, from);
    const first = at === 1 && bytes[0] === 0x7b;
    const last = bytes[at - 1] === 0x2c && end === bytes.length - 2;
    if (end < 0 || !(first || last)) return undefined;
    const text = bytes.toString("utf8", from, end);
    return text.includes("\\") ? undefined : text;
  }
}
