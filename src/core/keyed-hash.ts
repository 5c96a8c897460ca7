import { hash, hkdfSync } from "node:crypto";

/** Keyed hash of a text: HMAC-SHA-256 in lower-case hex. RFC 2104 */
export type KeyedHash = (text: string) => string;

/** SHA-256 works on blocks of so many bytes, its digest has half as many. */
const BLOCK = 64;
const DIGEST = 32;

/**
 * Makes a keyed hash of one purpose from the gateway's 32-byte secret. Equal texts have equal hashes, and without the
 * secret no list of guesses leads back to a text, however short it is, and no hash can be made for another one.
 *
 * The key is 64 hexadecimal digits, which fill one block: both pads of HMAC are ASCII then, and the text goes into
 * OpenSSL in one piece behind the first. This runs for each row of the audit, and `createHmac` takes 2 µs where this
 * takes 0.8 µs more than the bare hash.
 */
export function createKeyedHash(secret: Uint8Array, purpose: string): KeyedHash {
  const key = Buffer.from(hkdfSync("sha256", secret, "", `portcullis/hash/v2/${purpose}`, DIGEST)).toString("hex");
  const inner = padded(key, 0x36);
  const outer = Buffer.alloc(BLOCK + DIGEST);
  outer.write(padded(key, 0x5c), 0, BLOCK, "latin1");
  return (text) => {
    outer.write(hash("sha256", inner + text, "binary"), BLOCK, DIGEST, "latin1");
    return hash("sha256", outer, "hex");
  };
}

function padded(key: string, pad: number): string {
  return String.fromCharCode(...Buffer.from(key, "latin1").map((byte) => byte ^ pad));
}
