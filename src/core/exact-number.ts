/**
 * A number whose digits no JavaScript number gives back as they were written: 9007199254740993, 1.0, 1e5, 0.10. It stands in
 * a tree where such a number stood in the text, so that what only passes through keeps its digits.
 */
export class ExactNumber {
  /** How often one was written otherwise than it stood. */
  static rounded = 0;

  /** As it stood in the text. */
  readonly text: string;
  /** The nearest double, infinite where there is none. */
  readonly nearest: number;

  constructor(text: string) {
    this.text = text;
    this.nearest = Number(text);
  }

  /** Whether a double tells this number: 0.1, 1.0 and 1e21, but not 9007199254740993. */
  get isDouble(): boolean {
    const { text, nearest } = this;
    // No two numbers of fifteen digits have one double.
    if (text.length <= 15 && !/e/i.test(text)) return true;
    if (!Number.isFinite(nearest)) return false;
    // Of fractions the shortest writing counts; of integers beyond 2^53 all digits do, since others read them whole.
    const digits = Math.abs(nearest) > Number.MAX_SAFE_INTEGER ? BigInt(nearest).toString() : String(nearest);
    return normalForm(text) === normalForm(digits);
  }

  /** One text for all ways to write a double, which is that of JavaScript; any other number as it stood. RFC 8785 §3.2.2.3 */
  get canonical(): string {
    ExactNumber.rounded += 1;
    return this.isDouble ? JSON.stringify(this.nearest) : this.text;
  }

  toJSON(): number {
    ExactNumber.rounded += 1;
    return this.nearest;
  }
}

/** A number in the digits that it has, where JavaScript writes zeros in place of some: 12345678901234567168. @throws never */
export function digitsOf(value: number): string {
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value).toString() : String(value);
}

/** An integer as a number, an exact one where no double tells it. @throws never */
export function numberOfInteger(integer: bigint): number | ExactNumber {
  const nearest = Number(integer);
  return BigInt(nearest) === integer ? nearest : new ExactNumber(integer.toString());
}

const ZERO = 0x30;

/** Digits without zeros at their ends, and the power of ten of the last one. */
function normalForm(text: string): string {
  const [mantissa = "", exponent = "0"] = text.toLowerCase().split("e");
  const negative = mantissa.startsWith("-");
  const [whole = "", fraction = ""] = mantissa.slice(negative ? 1 : 0).split(".");
  const digits = whole + fraction;
  let from = 0;
  let to = digits.length;
  while (from < to && digits.charCodeAt(from) === ZERO) from++;
  while (to > from && digits.charCodeAt(to - 1) === ZERO) to--;
  if (from === to) return "0";
  const power = Number(exponent) - fraction.length + (digits.length - to);
  // Beyond any number that is told from another: as it is written.
  if (!Number.isSafeInteger(power)) return text;
  return `${negative ? "-" : ""}${digits.slice(from, to)}e${power}`;
}
