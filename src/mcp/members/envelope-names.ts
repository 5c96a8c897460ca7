import { SaidNames } from "./said-names.ts";

/** The names of a message's envelope, and where their values stand. */
export class EnvelopeNames extends SaidNames {
  readonly #members: { readonly name: string; readonly from: number; readonly to: number }[] = [];

  override name(text: Buffer, from: number, to: number, depth: number, odd: boolean): number {
    // More than any message has, and nobody asks for the values of such a one.
    if (depth === 1 && this.#members.length <= MAX_MEMBERS) {
      this.#members.push({ name: text.toString("latin1", from, to), from, to });
    }
    return super.name(text, from, to, depth, odd);
  }

  /** How many members there are; more than a message has are as many as one too many. */
  get size(): number {
    return this.#members.length;
  }

  /** The text of a member's value without the space around it, by its plain name. The whole was found to be one JSON object. */
  valueIn(bytes: Buffer, name: string): Buffer | undefined {
    const index = this.#members.findIndex((member) => member.name === name);
    const member = this.#members[index];
    if (member === undefined) return undefined;
    const from = afterSpace(bytes, afterSpace(bytes, member.to + 1) + 1);
    const next = this.#members[index + 1];
    // Behind a value come a comma and the next name in its quotes, or the end of the object.
    const end = next === undefined ? bytes.length : next.from - 1;
    return bytes.subarray(from, beforeSpace(bytes, beforeSpace(bytes, end) - 1));
  }
}

const MAX_MEMBERS = 8;

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function afterSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (isSpace(bytes[at])) at++;
  return at;
}

function beforeSpace(bytes: Buffer, to: number): number {
  let at = to;
  while (isSpace(bytes[at - 1])) at--;
  return at;
}
