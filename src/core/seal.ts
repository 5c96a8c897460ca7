import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { parseExact, writeExact } from "./exact-json.ts";
import { isObject, type JsonObject } from "./json.ts";

/**
 * Sealed values: AES-256-GCM under a key derived per purpose, so that a text sealed for one use opens for no other.
 * Everything that leaves the gateway and comes back (`requestState`, cookies) or rests encrypted goes through here.
 */
export interface Seal {
  /** Seals `payload` until `expiresAt` (ms since the epoch). Text: `v1.` and base64url. */
  seal(payload: JsonObject, expiresAt: number): string;
  /** The payload, or `undefined` when the text is forged, foreign, for another purpose or past its time. @throws never */
  open(text: string, now: number): JsonObject | undefined;
  /** Seals bytes that never expire, however long, for what `label` names. Text: `v2.` and base64url. */
  sealBytes(bytes: Uint8Array, label: string): string;
  /** The bytes; `undefined` when the text is forged, foreign, for another purpose or under another label. @throws never */
  openBytes(text: string, label: string): Buffer | undefined;
}

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Makes the seal of one purpose from the gateway's 32-byte secret. */
export function createSeal(secret: Uint8Array, purpose: string): Seal {
  const key = Buffer.from(hkdfSync("sha256", secret, "", `portcullis/seal/v1/${purpose}`, 32));
  return {
    seal(payload, expiresAt) {
      return `v1.${encrypted(key, Buffer.from(writeExact({ expiresAt, payload })))}`;
    },
    open(text, now) {
      const bytes = decrypted(key, "v1.", text);
      if (bytes === undefined) return undefined;
      let opened: unknown;
      try {
        opened = parseExact(bytes.toString("utf8"));
      } catch {
        // Sealed here, but by a program that seals something else for this purpose.
        return undefined;
      }
      if (!isObject(opened) || !isObject(opened["payload"])) return undefined;
      const expiresAt = opened["expiresAt"];
      return typeof expiresAt === "number" && now < expiresAt ? opened["payload"] : undefined;
    },
    // As they are: to write megabytes as JSON first, and to read them so, takes ten times as long as to encrypt them.
    sealBytes: (bytes, label) => `v2.${encrypted(key, bytes, label)}`,
    openBytes: (text, label) => decrypted(key, "v2.", text, label),
  };
}

function encrypted(key: Buffer, bytes: Uint8Array, label = ""): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(label));
  return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]).toString("base64url");
}

function decrypted(key: Buffer, version: "v1." | "v2.", text: unknown, label = ""): Buffer | undefined {
  // A column of SQLite holds bytes as well.
  if (typeof text !== "string" || !text.startsWith(version)) return undefined;
  const written = text.slice(version.length);
  const sealed = Buffer.from(written, "base64url");
  // Of each value one text: what is merely decoded alike was written by somebody else.
  if (sealed.length < NONCE_BYTES + TAG_BYTES || sealed.toString("base64url") !== written) return undefined;
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(label));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    const opened = decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES));
    decipher.final();
    return opened;
  } catch {
    // A wrong tag is the expected refusal of a forged text, not a fault.
    return undefined;
  }
}
