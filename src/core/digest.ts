import { hash } from "node:crypto";
import { canonicalJson, type Json } from "./json.ts";

/** SHA-256 of `text` in lower-case hex. */
export function sha256(text: string | Uint8Array): string {
  // One call into OpenSSL; createHash builds a stream first and takes four times as long.
  return hash("sha256", text, "hex");
}

/**
 * What the key is derived for under which arguments of calls are digested; see `createKeyedHash`. Arguments may be few
 * enough to be tried, a PIN or a birthday: no bare digest of them is kept or shown.
 */
export const ARGUMENTS_DIGEST = "arguments-digest";

/** SHA-256 (hex) of the canonical JSON of `value`: equal values have equal digests, whatever their key order. */
export function digestOf(value: Json | undefined): string {
  return sha256(canonicalJson(value));
}
