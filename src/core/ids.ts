import { randomBytes } from "node:crypto";

/** A fresh unguessable id: 128 random bits, base64url, 22 characters. */
export function randomId(): string {
  return randomBytes(16).toString("base64url");
}

/**
 * Makes call ids: `call_` and 26 characters that sort by time (48 bits of milliseconds, 80 random bits), in Crockford's
 * base 32. One id names a call in answers, logs and the audit alike.
 */
export function createCallIds(now: () => number): () => string {
  // Drawn in bulk: asking the system for ten bytes at a time would be the dearest part of a call's own work.
  let pool = randomBytes(POOL_BYTES);
  let used = 0;
  // A busy gateway makes several in one millisecond.
  let at = Number.NaN;
  let time = "";
  return () => {
    if (used === POOL_BYTES) {
      pool = randomBytes(POOL_BYTES);
      used = 0;
    }
    const random = pool.subarray(used, used + RANDOM_BYTES);
    used += RANDOM_BYTES;
    const ms = now();
    if (ms !== at) {
      at = ms;
      time = encodeTime(ms);
    }
    return `call_${time}${encodeRandom(random)}`;
  };
}

const RANDOM_BYTES = 10;
const POOL_BYTES = RANDOM_BYTES * 400;

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

function encodeTime(ms: number): string {
  let text = "";
  let rest = ms;
  for (let i = 0; i < 10; i++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function encodeRandom(bytes: Buffer): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      text += ALPHABET.charAt((value >>> (bits - 5)) & 31);
      bits -= 5;
    }
  }
  return text;
}
