import { createHmac, hkdfSync } from "node:crypto";

/**
 * Makes a keyed hash of one purpose from the gateway's 32-byte secret: HMAC-SHA-256, lower-case hex. Equal texts have
 * equal hashes, and without the secret no list of guesses leads back to a text, however short it is.
 */
export function createKeyedHash(secret: Uint8Array, purpose: string): (text: string) => string {
  const key = Buffer.from(hkdfSync("sha256", secret, "", `portcullis/hash/v1/${purpose}`, 32));
  return (text) => createHmac("sha256", key).update(text).digest("hex");
}
