import { hash } from "node:crypto";
import { canonicalJson, type Json } from "./json.ts";

/** SHA-256 of `text` in lower-case hex. */
export function sha256(text: string | Uint8Array): string {
  // One call into OpenSSL; createHash builds a stream first and takes four times as long.
  return hash("sha256", text, "hex");
}

/** SHA-256 (hex) of the canonical JSON of `value`: equal values have equal digests, whatever their key order. */
export function digestOf(value: Json | undefined): string {
  return sha256(canonicalJson(value));
}
