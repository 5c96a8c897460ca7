/** What Base64 stands for. */
export interface Base64Bytes {
  readonly bytes: Buffer;
  /** Whether every reader takes it for these bytes; of the alphabet for URLs some skip two letters. */
  readonly isPlain: boolean;
}

const BLANKS = /[\t\n\f\r ]+/g;
const OTHERS = /[^A-Za-z0-9+/_=-]/;

/**
 * Decodes Base64 of either alphabet (RFC 4648), with blanks in it and with or without padding; `undefined` for what readers
 * take in different ways: other letters, padding that does not end it, a letter too few. Linear. @throws never
 */
export function decodeBase64(given: string): Base64Bytes | undefined {
  const text = withoutBlanks(given);
  if (!isWhole(text)) return undefined;
  return { bytes: Buffer.from(text, "base64"), isPlain: !/[_-]/.test(text) };
}

/** Whether `decodeBase64` decodes it. Linear. @throws never */
export function isBase64(given: string): boolean {
  return isWhole(withoutBlanks(given));
}

function withoutBlanks(text: string): string {
  return text.replace(BLANKS, "");
}

function isWhole(text: string): boolean {
  if (OTHERS.test(text)) return false;
  const end = text.indexOf("=");
  if (end === -1) return text.length % 4 !== 1;
  const padding = text.slice(end);
  return (padding === "=" || padding === "==") && text.length % 4 === 0;
}
