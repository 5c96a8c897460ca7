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
}

/** Makes the seal of one purpose from the gateway's 32-byte secret. */
export function createSeal(secret: Uint8Array, purpose: string): Seal {
  const key = Buffer.from(hkdfSync("sha256", secret, "", `portcullis/seal/v1/${purpose}`, 32));
  return {
    seal(payload, expiresAt) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const text = Buffer.from(writeExact({ expiresAt, payload }));
      const sealed = Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
      return `v1.${sealed.toString("base64url")}`;
    },
    open(text, now) {
      // A column of SQLite holds bytes as well.
      if (typeof text !== "string" || !text.startsWith("v1.")) return undefined;
      const sealed = Buffer.from(text.slice(3), "base64url");
      // Of each value one text: what is merely decoded alike was written by somebody else.
      if (sealed.length < 28 || sealed.toString("base64url") !== text.slice(3)) return undefined;
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12), { authTagLength: 16 });
      decipher.setAuthTag(sealed.subarray(sealed.length - 16));
      let opened: unknown;
      try {
        const parts = [decipher.update(sealed.subarray(12, sealed.length - 16)), decipher.final()];
        opened = parseExact(Buffer.concat(parts).toString("utf8"));
      } catch {
        // A wrong tag is the expected refusal of a forged text, not a fault.
        return undefined;
      }
      if (!isObject(opened) || !isObject(opened["payload"])) return undefined;
      const expiresAt = opened["expiresAt"];
      return typeof expiresAt === "number" && now < expiresAt ? opened["payload"] : undefined;
    },
  };
}
